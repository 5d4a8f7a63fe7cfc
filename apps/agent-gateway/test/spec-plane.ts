import { Module, type Type } from '@nestjs/common';
import { loadConfig, serviceConfig, toEnvironment } from '@runos/config';
import { agentGateway, permissionsOf, contracts, type ServiceName } from '@runos/contracts';
import { Bus, NatsConnector, type RunningService, startService } from '@runos/messaging';
import { createLogger, type Logger } from '@runos/observability';
import { migrate } from '@runos/persistence';
import { Keyring, keyringEntry } from '@runos/security';
import { type TemporaryNats, temporaryNats } from '@runos/testing-nats';
import { type TemporaryPostgres, temporaryPostgres } from '@runos/testing-postgres';
import pg from 'pg';
import { type AgentGatewayConfig, agentGatewayConfig } from '../src/agent-gateway-config.js';
import { AgentGateway } from '../src/agent-gateway.js';
import { AgentGatewayModule } from '../src/agent-gateway.module.js';
import { type Authorities, loadAuthorities, makeAuthorities } from '../src/authority/authorities.js';
import { AgentTables1700000001000 } from '../src/schema/agent-tables.js';
import { identityFor, Neighbours, reconcilerFor } from './spec-neighbours.js';

export interface Replica {
  readonly service: RunningService;
  readonly gateway: AgentGateway;
  readonly registerPort: number;
  readonly streamPort: number;
}

/** In a hurry: a span of readiness is two seconds. */
const hurry = { staleAfterMs: 2_000, pulseMs: 1_000, leaseMs: 15_000, renewedGraceMs: 1_000 };

const key = { id: 'spec', key: Buffer.alloc(32, 7) };
const specKeyring = new Keyring([key]);

/** Real PostgreSQL and NATS with the permissions of the plane, stand-ins for the neighbours, replicas as asked for. */
export class SpecPlane {
  readonly neighbours = new Neighbours();
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #logger: Logger;
  readonly lines: Record<string, unknown>[] = [];
  sql!: pg.Client;
  url!: string;
  bus!: Bus;

  private constructor(
    readonly postgres: TemporaryPostgres,
    readonly nats: TemporaryNats,
  ) {
    const write = (line: string): void => void this.lines.push(JSON.parse(line) as Record<string, unknown>);
    this.#logger = createLogger({ service: 'spec', level: 'debug', destination: { write } });
  }

  static async start(): Promise<SpecPlane> {
    const names: readonly ServiceName[] = ['agent-gateway', 'reconciler', 'identity', 'gateway'];
    const users = names.map((user) => ({ user, password: `${user}-pw`, ...permissionsOf(user, contracts) }));
    const [postgres, nats] = await Promise.all([temporaryPostgres(), temporaryNats(users)]);
    const plane = new SpecPlane(postgres, nats);
    await plane.#migrate();
    await Promise.all([
      plane.#neighbour('reconciler', reconcilerFor(plane.neighbours)),
      plane.#neighbour('identity', identityFor(plane.neighbours)),
    ]);
    plane.bus = plane.busOf('gateway');
    return plane;
  }

  /** One more replica of the agent gateway. */
  async replica(more: Partial<Record<keyof AgentGatewayConfig, number | string>> = {}): Promise<Replica> {
    const own = {
      agentHost: '127.0.0.1',
      registerPort: 0,
      streamPort: 0,
      databaseUrl: this.url,
      keyring: keyringEntry(key),
    };
    const config = loadConfig(agentGatewayConfig, {
      ...this.#nats('agent-gateway'),
      ...toEnvironment({ ...own, ...hurry, ...more }),
    });
    const definition = { name: 'agent-gateway' as const, module: () => AgentGatewayModule.with(config) };
    const service = await startService(definition, config, this.#logger);
    this.#stops.push(service.stop);
    const gateway = service.app.get(AgentGateway);
    const [registerPort, streamPort] = gateway.ports;
    return { service, gateway, registerPort, streamPort };
  }

  /** Asks as another service. */
  busOf(service: ServiceName): Bus {
    const config = loadConfig(serviceConfig({}), this.#nats(service));
    const link = new NatsConnector({ service, config, logger: this.#logger });
    this.#stops.push(() => link.stop());
    return new Bus(service, link, true);
  }

  async token(purpose: 'node' | 'cluster-agent' = 'node', { aid = 'abcde', cid = 'ky3', ttlSeconds = 60 } = {}) {
    const input = { cid, token: { purpose, ttlSeconds } };
    return this.bus.request(agentGateway.issueRegistrationToken, input, { tenant: aid });
  }

  /** The CAs, to make certificates that the gateway would not. */
  authorities(): Promise<Authorities> {
    const query = async <Rows>(text: string, values: unknown[] = []) =>
      (await this.sql.query(text, values)).rows as Rows;
    return loadAuthorities({ query }, specKeyring);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.reverse().map((stop) => stop()));
    await this.sql.end();
    await Promise.all([this.postgres.stop(), this.nats.stop()]);
  }

  #nats(service: ServiceName): Record<string, string> {
    const { url: natsUrl } = this.nats;
    return toEnvironment({ natsUrl, natsUser: service, natsPassword: `${service}-pw`, checkReplies: true });
  }

  async #migrate(): Promise<void> {
    const role = { name: `agw_${this.postgres.database}`, password: 'secret' };
    await migrate({
      service: 'agent-gateway',
      ownerUrl: this.postgres.url,
      role,
      migrations: [AgentTables1700000001000],
      after: (dataSource) => makeAuthorities(dataSource, specKeyring),
    });
    this.url = this.postgres.urlFor(role.name, role.password);
    this.sql = new pg.Client({ connectionString: this.url, options: '-c search_path=agent_gateway' });
    await this.sql.connect();
  }

  async #neighbour(name: ServiceName, controller: Type): Promise<void> {
    @Module({ controllers: [controller] })
    class Own {}
    const config = loadConfig(serviceConfig({}), this.#nats(name));
    const service = await startService({ name, module: () => Own }, config, this.#logger);
    this.#stops.push(service.stop);
  }
}
