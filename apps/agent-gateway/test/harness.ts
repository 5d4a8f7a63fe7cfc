import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from '@jest/globals';
import { Module, type Type } from '@nestjs/common';
import { loadConfig, serviceConfig, toEnvironment } from '@runos/config';
import { agentGateway, permissionsOf, contracts, type ServiceName } from '@runos/contracts';
import { Bus, NatsConnector, type RunningService, startService } from '@runos/messaging';
import { createLogger, type Logger } from '@runos/observability';
import { migrate } from '@runos/persistence';
import { Keyring, keyringEntry } from '@runos/security';
import { type TemporaryNats, temporaryNats } from '@runos/testing-nats';
import { type TemporaryPostgres, temporaryPostgres } from '@runos/testing-postgres';
import { waitUntil } from '@runos/testing-process';
import pg from 'pg';
import { CertificateAuthorities, createCertificateAuthorities } from '../src/authority/certificate-authorities.js';
import { type AgentGatewayConfig, agentGatewayConfig } from '../src/config.js';
import { AgentPorts } from '../src/grpc/agent-ports.js';
import { agentGatewayService } from '../src/module.js';
import { migrations } from '../src/schema/migrations/index.js';
import { fakeIdentity, fakeReconciler, FakeServices } from './fake-services.js';
import { stopTestAgents } from './test-agent.js';

export interface Replica {
  readonly service: RunningService;
  readonly authorities: CertificateAuthorities;
  /** The CA of the register port, as PEM. */
  readonly registerCa: string;
  readonly registerPort: number;
  readonly streamPort: number;
}

/** Short times: an agent is stale after two seconds. */
const timing = { staleAfterMs: 2_000, maintenanceIntervalMs: 1_000, leaseMs: 15_000, renewalGraceMs: 1_000 };

const key = { id: 'test', key: Buffer.alloc(32, 7) };
const testKeyring = new Keyring([key]);

/** Replicas of the agent gateway with real PostgreSQL and NATS, and fakes of the services they call. */
export class Harness {
  readonly services = new FakeServices();
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #stopsOfReplicas: (() => Promise<void>)[] = [];
  readonly #logger: Logger;
  readonly logLines: Record<string, unknown>[] = [];
  sql!: pg.Client;
  url!: string;
  bus!: Bus;

  private constructor(
    readonly postgres: TemporaryPostgres,
    readonly nats: TemporaryNats,
  ) {
    const write = (line: string): void => void this.logLines.push(JSON.parse(line) as Record<string, unknown>);
    this.#logger = createLogger({ service: 'spec', level: 'debug', destination: { write } });
  }

  static async start(): Promise<Harness> {
    const names: readonly ServiceName[] = ['agent-gateway', 'reconciler', 'identity', 'gateway'];
    const users = names.map((user) => ({
      account: 'PLANE' as const,
      user,
      password: `${user}-pw`,
      ...permissionsOf(user, contracts),
    }));
    const servers = [temporaryPostgres(), temporaryNats(users)] as const;
    const [postgres, nats] = await Promise.all(servers).catch(async (error: unknown) => {
      const started = await Promise.allSettled(servers);
      await allSettled(started.flatMap((server) => (server.status === 'fulfilled' ? [server.value.stop] : [])));
      throw error;
    });
    const harness = new Harness(postgres, nats);
    try {
      await harness.#migrate();
      await Promise.all([
        harness.#startFake('reconciler', fakeReconciler(harness.services)),
        harness.#startFake('identity', fakeIdentity(harness.services)),
      ]);
    } catch (error) {
      await harness.stop();
      throw error;
    }
    harness.bus = harness.busOf('gateway');
    return harness;
  }

  /** Starts another replica. */
  async replica(settings: Partial<Record<keyof AgentGatewayConfig, number | string>> = {}): Promise<Replica> {
    const required = {
      agentHost: '127.0.0.1',
      registerPort: 0,
      streamPort: 0,
      databaseUrl: this.url,
      keyring: keyringEntry(key),
    };
    const config = loadConfig(agentGatewayConfig, {
      ...this.#nats('agent-gateway'),
      ...toEnvironment({ ...required, ...timing, ...settings }),
    });
    const service = await startService(agentGatewayService, config, this.#logger);
    this.#stopsOfReplicas.push(service.stop);
    const { registerPort, streamPort } = service.app.get(AgentPorts);
    const authorities = service.app.get(CertificateAuthorities);
    const registerCa = authorities.register.certificatePem;
    return { service, authorities, registerCa, registerPort, streamPort };
  }

  /** The bus of another service. */
  busOf(service: ServiceName): Bus {
    const config = loadConfig(serviceConfig({}), this.#nats(service));
    const connector = new NatsConnector({ service, config, logger: this.#logger });
    this.#stops.push(() => connector.stop());
    return new Bus(service, connector, config);
  }

  async token(purpose: 'node' | 'cluster-agent' = 'node', { aid = 'abcde', cid = 'ky3', ttlSeconds = 60 } = {}) {
    const input = { cid, token: { purpose, ttlSeconds } };
    return this.bus.request(agentGateway.issueRegistrationToken, input, { tenant: aid });
  }

  /** A connection of its own, to hold locks. It ends with the replicas at the latest. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url });
    await client.connect();
    this.#stopsOfReplicas.push(() => client.end());
    return client;
  }

  /** Resolves when the reconciler has acknowledged every transition: otherwise statements that follow wait for locks too. */
  async untilAcknowledged(): Promise<void> {
    const isAcknowledged = async () =>
      (await this.sql.query('SELECT 1 FROM agent WHERE acknowledged_seq < seq')).rowCount === 0;
    await waitUntil(isAcknowledged, { because: () => 'not every transition is acknowledged' });
  }

  /** How many statements wait for a lock. */
  async countWaiting(): Promise<number> {
    const { rowCount } = await this.sql.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rowCount ?? 0;
  }

  /** Refuses and ends every connection of the service to the database for this time, ms. */
  async withoutDatabase(ms: number): Promise<void> {
    const role = new URL(this.url).username;
    const owner = new pg.Client({ connectionString: this.postgres.url });
    await owner.connect();
    try {
      await owner.query(`ALTER ROLE ${role} NOLOGIN`);
      await owner.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND application_name LIKE 'agent-gateway:%'`,
        [role],
      );
      await sleep(ms);
      await owner.query(`ALTER ROLE ${role} LOGIN`);
    } finally {
      await owner.end();
    }
  }

  /** Stops all agents, replicas and clients. After each test, for specs whose tests start their own ones. */
  async stopReplicas(): Promise<void> {
    stopTestAgents();
    await allSettled(this.#stopsOfReplicas.splice(0));
  }

  /** Stops everything, also what a failed test has left open. */
  async stop(): Promise<void> {
    await this.stopReplicas();
    await allSettled(this.#stops.splice(0));
    await Promise.all([this.postgres.stop(), this.nats.stop()]);
  }

  #nats(service: ServiceName): Record<string, string> {
    const { url: natsUrl } = this.nats;
    const forSpecs = { checkReplies: true, minRequestDeadlineMs: 60_000 };
    return toEnvironment({ natsUrl, natsUser: service, natsPassword: `${service}-pw`, ...forSpecs });
  }

  async #migrate(): Promise<void> {
    const role = { name: `agw_${this.postgres.database}`, password: 'secret' };
    await migrate({
      service: 'agent-gateway',
      ownerUrl: this.postgres.url,
      role,
      migrations,
      after: ({ manager }) => createCertificateAuthorities(manager, testKeyring),
    });
    this.url = this.postgres.urlFor(role.name, role.password);
    this.sql = new pg.Client({ connectionString: this.url, options: '-c search_path=agent_gateway' });
    await this.sql.connect();
    this.#stops.push(() => this.sql.end());
  }

  async #startFake(name: ServiceName, controller: Type): Promise<void> {
    @Module({ controllers: [controller] })
    class FakeModule {}
    const config = loadConfig(serviceConfig({}), this.#nats(name));
    const service = await startService({ name, module: () => FakeModule }, config, this.#logger);
    this.#stops.push(service.stop);
  }
}

/** Stops all of them, also when one fails. @throws Error that of the first that failed */
async function allSettled(stops: (() => Promise<void>)[]): Promise<void> {
  const results = await Promise.allSettled(stops.map((stop) => stop()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Starts a harness before the tests of a spec, and stops it after them, also when it started too late. */
export function useHarness(assign: (harness: Harness) => unknown): void {
  let starting: Promise<Harness> | undefined;
  beforeAll(async () => {
    starting = Harness.start();
    await assign(await starting);
  });
  const stop = (harness: Harness): Promise<void> => harness.stop();
  afterAll(() => starting?.then(stop, () => undefined));
}

/** A harness with one replica. `assign` receives both. */
export const useReplica = (
  assign: (started: { harness: Harness; replica: Replica }) => unknown,
  settings?: Parameters<Harness['replica']>[0],
): void => useHarness(async (harness) => assign({ harness, replica: await harness.replica(settings) }));
