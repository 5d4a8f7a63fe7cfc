import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { Logger } from '@runos/observability';
import { Readiness } from '@runos/observability';
import { Bus } from '../requests/bus.js';
import { NatsConnector } from '../connection/nats-connector.js';

export interface Platform {
  readonly bus: Bus;
  readonly logger: Logger;
  readonly readiness: Readiness;
  /** The parsed settings of the service. */
  readonly config: unknown;
}

const loggerToken = Symbol('logger');
const configToken = Symbol('config');

/** The process' logger: `constructor(@InjectLogger() private readonly logger: Logger)`. */
export const InjectLogger = (): ParameterDecorator => Inject(loggerToken);

/** The service's own settings: `constructor(@InjectConfig() private readonly config: JobsConfig)`. */
export const InjectConfig = (): ParameterDecorator => Inject(configToken);

/** What every service injects without an import: `Bus`, `NatsConnector`, `Readiness`, the logger and its settings. */
@Module({})
export class PlatformModule {
  /** The global module of one process, around the parts that `runService` has created. */
  static with({ bus, logger, readiness, config }: Platform): DynamicModule {
    const providers = [
      { provide: Bus, useValue: bus },
      { provide: NatsConnector, useValue: bus.connector },
      { provide: Readiness, useValue: readiness },
      { provide: loggerToken, useValue: logger },
      { provide: configToken, useValue: config },
    ];
    return { module: PlatformModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
