import { Module, type Type } from '@nestjs/common';
import { loadConfig, serviceConfig, toEnvironment } from '@runos/config';
import { permissionsOf, type ServiceName } from '@runos/contracts';
import { createLogger, type Logger } from '@runos/observability';
import { type TemporaryNats, temporaryNats } from '@runos/testing-nats';
import { Bus } from '../src/requests/bus.js';
import { NatsConnector } from '../src/connection/nats-connector.js';
import { specContracts } from './test-contracts.js';
import { type RunningService, startService } from '../src/service/start-service.js';

/** A real NATS with one user per service, and services of this package's specs on it. */
export interface MessagingHarness {
  readonly nats: TemporaryNats;
  /** Every log line, parsed. */
  readonly lines: Record<string, unknown>[];
  config(name: ServiceName): ReturnType<typeof configOf>;
  start(name: ServiceName, ...controllers: Type[]): Promise<RunningService>;
  /** The connection of a service, to send what no bus would. */
  link(name: ServiceName): NatsConnector;
  /** Only the asking half. */
  bus(name: ServiceName): Bus;
  stop(): Promise<void>;
}

const configOf = (natsUrl: string, name: ServiceName) =>
  loadConfig(
    serviceConfig({}),
    toEnvironment({ natsUrl, natsUser: name, natsPassword: `${name}-pw`, checkReplies: true }),
  );

export async function specPlane(): Promise<MessagingHarness> {
  const names: readonly ServiceName[] = ['gateway', 'catalog', 'jobs'];
  const nats = await temporaryNats(
    names.map((user) => ({ user, password: `${user}-pw`, ...permissionsOf(user, specContracts) })),
  );
  const lines: Record<string, unknown>[] = [];
  const logger: Logger = createLogger({
    service: 'spec',
    level: 'debug',
    destination: { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const stops: (() => Promise<void>)[] = [];
  const config = (name: ServiceName) => configOf(nats.url, name);
  const link = (name: ServiceName) => {
    const made = new NatsConnector({ service: name, config: config(name), logger });
    stops.push(() => made.stop());
    return made;
  };
  return {
    nats,
    lines,
    config,
    start: async (name, ...controllers) => {
      @Module({ controllers })
      class Own {}
      const service = await startService({ name, module: () => Own, contracts: specContracts }, config(name), logger);
      stops.push(service.stop);
      return service;
    },
    link,
    bus: (name) => new Bus(name, link(name), true),
    stop: async () => {
      await Promise.all(stops.map((stop) => stop()));
      await nats.stop();
    },
  };
}
