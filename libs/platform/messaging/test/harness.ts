import { Module, type Type } from '@nestjs/common';
import { loadConfig, serviceConfig, toEnvironment } from '@runos/config';
import { type NatsUserName, permissionsOf, type ServiceName, streamsPermissions, streamsUser } from '@runos/contracts';
import { createLogger, type Logger } from '@runos/observability';
import { type NatsUser, type TemporaryNats, temporaryNats } from '@runos/testing-nats';
import { Bus } from '../src/requests/bus.js';
import { NatsConnector } from '../src/connection/nats-connector.js';
import { specContracts } from './test-contracts.js';
import { StreamDeclarer } from '../src/streams/stream-declarer.js';
import { type RunningService, startService } from '../src/service/start-service.js';

/** A real NATS with one user per service, and the services of a spec. */
export interface MessagingHarness {
  readonly nats: TemporaryNats;
  /** The parsed log lines of all services. */
  readonly logLines: Record<string, unknown>[];
  config(name: ServiceName): ReturnType<typeof configOf>;
  start(name: ServiceName, ...controllers: Type[]): Promise<RunningService>;
  /** A connection with the permissions of a service, for messages that a Bus cannot send. */
  connector(name: ServiceName): NatsConnector;
  /** A Bus with the permissions of a service. */
  bus(name: ServiceName): Bus;
  stop(): Promise<void>;
}

/** The users of the services of specs, and the one that creates their streams. */
export const specUsers: readonly NatsUser[] = [
  ...(['gateway', 'catalog', 'jobs'] as const).map((user): NatsUser => ({
    account: 'PLANE',
    user,
    password: `${user}-pw`,
    ...permissionsOf(user, specContracts),
  })),
  { account: 'STREAMS', user: streamsUser, password: `${streamsUser}-pw`, ...streamsPermissions(specContracts) },
];

export const configOf = (natsUrl: string, name: NatsUserName) =>
  loadConfig(
    serviceConfig({}),
    toEnvironment({ natsUrl, natsUser: name, natsPassword: `${name}-pw`, checkReplies: true }),
  );

export async function startHarness(): Promise<MessagingHarness> {
  const nats = await temporaryNats(specUsers);
  const logLines: Record<string, unknown>[] = [];
  const logger: Logger = createLogger({
    service: 'spec',
    level: 'debug',
    destination: { write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const declarer = new StreamDeclarer({ config: configOf(nats.url, streamsUser), logger, contracts: specContracts });
  await declarer.created;
  const stops: (() => Promise<void>)[] = [() => declarer.stop()];
  const config = (name: ServiceName) => configOf(nats.url, name);
  const connector = (name: ServiceName) => {
    const created = new NatsConnector({ service: name, config: config(name), logger });
    stops.push(() => created.stop());
    return created;
  };
  return {
    nats,
    logLines,
    config,
    start: async (name, ...controllers) => {
      @Module({ controllers })
      class Own {}
      const service = await startService({ name, module: () => Own, contracts: specContracts }, config(name), logger);
      stops.push(service.stop);
      return service;
    },
    connector,
    bus: (name) => new Bus(name, connector(name), { checkReplies: true }),
    stop: async () => {
      try {
        await Promise.all(stops.map((stop) => stop()));
      } finally {
        await nats.stop();
      }
    },
  };
}
