import { afterAll, beforeAll } from '@jest/globals';
import { type DynamicModule, Module } from '@nestjs/common';
import { loadConfig, toEnvironment, type Setting } from '@runos/config';
import type { Actor, JobProgress, NatsUserName, RequestContract } from '@runos/contracts';
import { reconciler, streamsUser } from '@runos/contracts';
import { Bus, NatsConnector, type RunningService, startService, StreamDeclarer } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import type { Database } from '@runos/persistence';
import { keyringEntry } from '@runos/security';
import { planeNats } from '@runos/testing-nats';
import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { reconcilerService } from '../src/module.js';
import { FakeAgent, testAid } from './fake-agent.js';
import { FakeCatalog, FakeConfigSets, FakeIdentity, FakeJobs } from './fakes.js';
import { startTestDatabase } from './test-database.js';

const logger = createLogger({
  service: 'spec',
  level: (process.env.RUNOS_SPEC_LOG as 'debug' | undefined) ?? 'silent',
});

@Module({})
class FakeModule {}

/** The fakes of the other services. */
const fakes = {
  jobs: FakeJobs,
  identity: FakeIdentity,
  'config-sets': FakeConfigSets,
  catalog: FakeCatalog,
  'agent-gateway': FakeAgent,
} as const;
type FakeName = keyof typeof fakes;

const user: Actor = { kind: 'user', id: 'u1', name: 'ada@example.com' };

/** Names an instance in requests. */
export interface Instance {
  readonly cid: string;
  readonly type: string;
  readonly id: string;
  readonly osid: string;
}

/** The reconciler on a real PostgreSQL and NATS, with a fake agent and fakes of the other services. */
export interface Harness {
  readonly aid: string;
  readonly cid: string;
  readonly agent: FakeAgent;
  readonly jobs: FakeJobs;
  readonly audit: FakeIdentity;
  readonly configSets: FakeConfigSets;
  readonly catalog: FakeCatalog;
  readonly replicas: RunningService[];
  /** A running fake, by the name of its service. */
  service(name: FakeName): RunningService;
  /** Sends a request as the gateway does, for a user of this account. */
  request<In extends z.ZodType, Out extends z.ZodType>(
    contract: RequestContract<In, Out, 'tenant'>,
    input: z.input<In>,
    by?: { tenant?: string; name?: string },
  ): Promise<z.output<Out>>;
  startReplica(): Promise<RunningService>;
  /** An instance whose creation has ended. By default it is healthy. */
  create(type: string, fields?: z.input<typeof reconciler.createInstance.input>['fields']): Promise<Instance>;
  /** The agent reports the success of what a job delivers. Resolves with the ended job. */
  finish(jobId: string): Promise<JobProgress>;
  /** The database of the replicas, for transactions of a spec. */
  readonly database: Database;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The only row of a query. @throws Error for another number of rows */
  row<Row>(text: string, values?: readonly unknown[]): Promise<Row>;
  stop(): Promise<void>;
}

export interface HarnessOptions {
  readonly settings?: Record<string, Setting>;
  readonly replicas?: number;
  /** The agent is connected from the beginning. Default true. */
  readonly connected?: boolean;
}

/** Rejects only when nothing of it runs any more. */
export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const started = new AsyncDisposableStack();
  return startParts(options, started).catch(async (error: unknown) => {
    await started.disposeAsync();
    throw error;
  });
}

async function startParts(
  { settings, replicas: replicaCount = 1, connected = true }: HarnessOptions,
  started: AsyncDisposableStack,
): Promise<Harness> {
  /** The parts stop in the opposite order, also when one of them or a later one fails. */
  const part = <T extends { stop(): Promise<void> }>(starting: T | Promise<T>): Promise<T> => {
    const running = Promise.resolve(starting);
    started.defer(() =>
      running.then(
        (one) => one.stop(),
        () => undefined,
      ),
    );
    return running;
  };
  const [nats, base] = await Promise.all([part(planeNats()), part(startTestDatabase())]);
  const keyring = keyringEntry({ id: 'test', key: randomBytes(32) });
  const configOf = (service: NatsUserName, replicaId = 'one') =>
    loadConfig(
      reconcilerService.config,
      toEnvironment({
        ...nats.settingsOf(service),
        logLevel: 'silent',
        replicaId,
        databaseUrl: base.url,
        keyring,
        ...settings,
      }),
    );
  const streams = await part(new StreamDeclarer({ config: configOf(streamsUser), logger }));
  await streams.created;
  const config = configOf('gateway');
  const connector = await part(new NatsConnector({ service: 'gateway', config, logger }));
  const gateway = new Bus('gateway', connector, config);
  const replicas: RunningService[] = [];
  const startReplica = async () => {
    const config = configOf('reconciler', `r${replicas.length}`);
    const replica = await part(startService(reconcilerService, config, logger));
    replicas.push(replica);
    return replica;
  };
  for (let replica = 0; replica < replicaCount; replica += 1) await startReplica();
  const services = new Map<FakeName, RunningService>();
  for (const name of Object.keys(fakes) as FakeName[]) {
    const module = (): DynamicModule => ({ module: FakeModule, controllers: [fakes[name]] });
    services.set(name, await part(startService({ name, module }, configOf(name), logger)));
  }
  const service = (name: FakeName): RunningService => {
    const running = services.get(name);
    if (running === undefined) throw new Error(`the fake ${name} is not running`);
    return running;
  };
  const fake = <Name extends FakeName>(name: Name) =>
    service(name).app.get<InstanceType<(typeof fakes)[Name]>>(fakes[name], { strict: false });
  const agent = fake('agent-gateway');
  const jobs = fake('jobs');
  const request: Harness['request'] = (contract, input, { tenant = testAid, name = user.name } = {}) =>
    gateway.request(contract, input, { tenant, actor: { ...user, name } });
  const { cid } = await request(reconciler.createCluster, { cluster: { cid: 'abc', root: 'example.com' } });
  if (connected) await agent.connect();
  started.defer(() => agent.stop());
  return {
    aid: testAid,
    cid,
    agent,
    jobs,
    audit: fake('identity'),
    configSets: fake('config-sets'),
    catalog: fake('catalog'),
    replicas,
    service,
    request,
    startReplica,
    create: async (type, fields = {}) => {
      const { id, osid, jobId } = await request(reconciler.createInstance, { cid, type, fields });
      await jobs.ended(jobId);
      return { cid, type, id, osid };
    },
    finish: async (jobId) => {
      const { job } = await jobs.delivered(jobId);
      await agent.reportSuccess(agent.bundleOf(job.osid ?? ''));
      return jobs.ended(jobId);
    },
    database: base.database,
    sql: (text, values) => base.database.query(text, values),
    row: async <Row>(text: string, values?: readonly unknown[]) => {
      const rows = await base.database.query<Row>(text, values);
      const [row] = rows;
      if (row === undefined || rows.length > 1) throw new Error(`${rows.length} rows instead of 1: ${text}`);
      return row;
    },
    stop: () => started.disposeAsync(),
  };
}

/**
 * Starts a harness before the specs of a file or block and stops it after them, also when it started too late. `assign`
 * receives it, and may prepare more.
 */
export function useHarness(assign: (harness: Harness) => unknown, options?: HarnessOptions): void {
  let starting: Promise<Harness> | undefined;
  beforeAll(async () => {
    starting = startHarness(options);
    await assign(await starting);
  });
  afterAll(() =>
    starting?.then(
      (harness) => harness.stop(),
      () => undefined, // `beforeAll` has failed with it
    ),
  );
}
