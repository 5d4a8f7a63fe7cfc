import { Module, type Type } from '@nestjs/common';
import { loadConfig, serviceConfig, toEnvironment } from '@runos/config';
import { permissionsOf, type ServiceName } from '@runos/contracts';
import { createLogger, type Logger } from '@runos/observability';
import { type ThrowAwayNats, throwAwayNats } from '@runos/testing-services';
import { Bus } from './bus.js';
import { NatsLink } from './nats-link.js';
import { specContracts } from './spec-contracts.js';
import { type RunningService, startService } from './start-service.js';

/** A real NATS with one user per service, and services of this package's specs on it. */
export interface SpecPlane {
  readonly nats: ThrowAwayNats;
  /** Every log line, parsed. */
  readonly lines: Record<string, unknown>[];
  config(name: ServiceName): ReturnType<typeof configOf>;
  start(name: ServiceName, ...controllers: Type[]): Promise<RunningService>;
  /** The connection of a service, to send what no bus would. */
  link(name: ServiceName): NatsLink;
  /** Only the asking half. */
  bus(name: ServiceName): Bus;
  stop(): Promise<void>;
}

const configOf = (natsUrl: string, name: ServiceName) =>
  loadConfig(
    serviceConfig({}),
    toEnvironment({ natsUrl, natsUser: name, natsPassword: `${name}-pw`, checkAnswers: true }),
  );

export async function specPlane(): Promise<SpecPlane> {
  const names: readonly ServiceName[] = ['gateway', 'catalog', 'jobs'];
  const nats = await throwAwayNats(
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
    const made = new NatsLink({ service: name, config: config(name), logger });
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
