import { type DynamicModule, Module } from '@nestjs/common';
import { loadConfig, toEnvironment, type Setting } from '@runos/config';
import type { Actor, RequestContract, ServiceName } from '@runos/contracts';
import { reconciler } from '@runos/contracts';
import { Bus, NatsConnector, type RunningService, startService } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { keyringEntry } from '@runos/security';
import { planeNats } from '@runos/testing-nats';
import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { reconcilerService } from '../src/reconciler-service.js';
import { CatalogStandIn, ConfigSetsStandIn, IdentityStandIn, JobsStandIn } from './stand-ins.js';
import { TestAgent, testAid } from './test-agent.js';
import { testDatabase } from './test-database.js';

const logger = createLogger({
  service: 'spec',
  level: (process.env.RUNOS_SPEC_LOG as 'debug' | undefined) ?? 'silent',
});

@Module({})
class StandIns {}

/** Nest makes the stand-ins, as it makes handlers. */
const standIns = {
  jobs: JobsStandIn,
  identity: IdentityStandIn,
  'config-sets': ConfigSetsStandIn,
  catalog: CatalogStandIn,
  'agent-gateway': TestAgent,
} as const;

const someone: Actor = { kind: 'user', id: 'u1', name: 'ada@example.com' };

/** The reconciler on a real PostgreSQL and NATS, with an agent that behaves and stand-ins for the other services. */
export interface TestPlane {
  readonly aid: string;
  readonly cid: string;
  readonly agent: TestAgent;
  readonly jobs: JobsStandIn;
  readonly audit: IdentityStandIn;
  readonly configSets: ConfigSetsStandIn;
  readonly replicas: RunningService[];
  readonly services: ReadonlyMap<ServiceName, RunningService>;
  /** Asks as the gateway does, for somebody of this account. */
  ask<In extends z.ZodType, Out extends z.ZodType>(
    contract: RequestContract<In, Out, 'tenant'>,
    input: z.input<In>,
    by?: { tenant?: string; name?: string },
  ): Promise<z.output<Out>>;
  startReplica(): Promise<RunningService>;
  sql<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

export interface TestPlaneOptions {
  readonly settings?: Record<string, Setting>;
  readonly replicas?: number;
  /** The agent is there from the beginning. Default true. */
  readonly connected?: boolean;
}

export async function testPlane({
  settings,
  replicas: count = 1,
  connected = true,
}: TestPlaneOptions = {}): Promise<TestPlane> {
  const [nats, base] = await Promise.all([planeNats(), testDatabase()]);
  const keyring = keyringEntry({ id: 'test', key: randomBytes(32) });
  const configOf = (service: ServiceName, replicaId = 'one') =>
    loadConfig(
      reconcilerService.config,
      toEnvironment({ ...nats.settingsOf(service), replicaId, databaseUrl: base.url, keyring, ...settings }),
    );
  const link = new NatsConnector({ service: 'gateway', config: configOf('gateway'), logger });
  const gateway = new Bus('gateway', link, true);
  const replicas: RunningService[] = [];
  const startReplica = async () => {
    const started = await startService(reconcilerService, configOf('reconciler', `r${replicas.length}`), logger);
    replicas.push(started);
    return started;
  };
  for (let n = 0; n < count; n += 1) await startReplica();
  const services = new Map<ServiceName, RunningService>();
  for (const [key, controller] of Object.entries(standIns)) {
    const name = key as keyof typeof standIns;
    const module = (): DynamicModule => ({ module: StandIns, controllers: [controller] });
    services.set(name, await startService({ name, module }, configOf(name), logger));
  }
  const standIn = <T>(name: keyof typeof standIns, type: new (...args: never[]) => T): T =>
    (services.get(name) as RunningService).app.get<T>(type as never, { strict: false });
  const agent = standIn('agent-gateway', TestAgent);
  const parts = {
    aid: testAid,
    agent,
    jobs: standIn('jobs', JobsStandIn),
    audit: standIn('identity', IdentityStandIn),
    configSets: standIn('config-sets', ConfigSetsStandIn),
  };
  const ask: TestPlane['ask'] = (contract, input, { tenant = testAid, name = someone.name } = {}) =>
    gateway.request(contract, input, { tenant, actor: { ...someone, name } });
  const { cid } = await ask(reconciler.createCluster, { cluster: { cid: 'abc', root: 'example.com' } });
  if (connected) await agent.connect();
  return {
    ...parts,
    ...{ cid, replicas, services, ask, startReplica },
    sql: (text, values) => base.database.query(text, values),
    stop: async () => {
      await agent.quiet();
      await Promise.all([...replicas, ...services.values()].map((running) => running.stop()));
      await link.stop();
      await base.stop();
      await nats.stop();
    },
  };
}
