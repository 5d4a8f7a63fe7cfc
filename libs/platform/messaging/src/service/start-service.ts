import 'reflect-metadata';
import {
  type DynamicModule,
  type INestApplication,
  type INestApplicationContext,
  type LoggerService,
  Module,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NatsConfig, ProcessConfig } from '@runos/config';
import { contracts, type ServiceName } from '@runos/contracts';
import { createLogger, gauge, type Logger, NestLogger, opsServer, Readiness } from '@runos/observability';
import { Bus } from '../requests/bus.js';
import { NatsConnector } from '../connection/nats-connector.js';
import { NatsStrategy, type NatsStrategyOptions } from './nats-strategy.js';
import { PlatformModule } from './platform.module.js';

export interface HttpOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  readonly options?: NestApplicationOptions;
  /** Called before the application is initialised: middleware, body parsers. */
  readonly prepare?: (app: INestApplication) => void | Promise<void>;
}

export interface ServiceDefinition<Config extends ProcessConfig & NatsConfig> {
  readonly name: ServiceName;
  /** The service's own root module. */
  readonly module: (config: Config) => Type | DynamicModule;
  /** Serves HTTP too. */
  readonly http?: (config: Config) => HttpOptions;
  /** The contracts for streams; default those of the control plane. */
  readonly contracts?: NatsStrategyOptions['contracts'];
}

export interface RunningService {
  readonly app: INestApplicationContext;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly opsPort: number;
  /** 0 when it serves no HTTP. */
  readonly httpPort: number;
  /** Becomes unready, finishes running work and closes everything. Idempotent. */
  stop(): Promise<void>;
}

interface Started {
  readonly app: INestApplicationContext;
  readonly httpPort: number;
}

/**
 * Starts one service in this process and resolves when it serves; until then `/readyz` lists what is missing. Waits for
 * NATS and the database without a timeout.
 */
export async function startService<Config extends ProcessConfig & NatsConfig>(
  definition: ServiceDefinition<Config>,
  config: Config,
  logger: Logger = createLogger({ service: definition.name, level: config.logLevel, replica: config.replicaId }),
): Promise<RunningService> {
  const { name } = definition;
  const readiness = new Readiness();
  const connector = new NatsConnector({ service: name, config, logger });
  const bus = new Bus(name, connector, config);
  let phase: 'starting' | 'up' | 'stopping' = 'starting';
  readiness.need(name, () => phase === 'up' || phase);
  readiness.need('nats', () => connector.isUsable || 'not connected');
  const strategy = new NatsStrategy({
    service: name,
    connector,
    logger,
    checkReplies: config.checkReplies,
    contracts: definition.contracts ?? contracts,
  });
  readiness.need('jetstream', () => strategy.jetStreamStatus());
  gauge('runos_ready', async () => [{ value: (await readiness.report()).ok ? 1 : 0, labels: { service: name } }], name);
  const ops = await opsServer({ host: config.opsHost, port: config.opsPort, readiness: () => readiness.report() });
  const closePlatform = async () => {
    await connector.stop();
    await ops.stop();
  };
  try {
    const root = rootModule(definition.module(config), PlatformModule.with({ bus, logger, readiness, config }));
    const started = await open(root, strategy, new NestLogger(logger), definition.http?.(config));
    phase = 'up';
    logger.info({ opsPort: ops.port, httpPort: started.httpPort || undefined }, 'ready');
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      phase = 'stopping';
      // An HTTP service keeps receiving access changes and is drained by Nest after the last request.
      if (definition.http === undefined) await strategy.drain();
      await started.app.close();
      await closePlatform();
    };
    return { ...started, bus, logger, opsPort: ops.port, stop: () => (stopping ??= stop()) };
  } catch (error) {
    await closePlatform();
    throw error;
  }
}

function rootModule(own: Type | DynamicModule, platform: DynamicModule): Type {
  @Module({ imports: [platform, own] })
  class Root {}
  return Root;
}

async function open(root: Type, strategy: NatsStrategy, logger: LoggerService, http?: HttpOptions): Promise<Started> {
  const options = { logger, abortOnError: false };
  if (http === undefined) {
    const app = await NestFactory.createMicroservice(root, { ...options, strategy });
    await app.listen();
    return { app, httpPort: 0 };
  }
  const app = await NestFactory.create(root, { ...options, ...http.options });
  app.connectMicroservice({ strategy });
  await http.prepare?.(app);
  await app.startAllMicroservices();
  await app.listen(http.port, http.host ?? '127.0.0.1');
  return { app, httpPort: Number(new URL(await app.getUrl()).port) };
}
