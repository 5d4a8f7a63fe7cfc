import { type DynamicModule, Inject, Module } from '@nestjs/common';
import type { Logger } from '@runos/observability';
import { Readiness } from '@runos/observability';
import { Bus } from './bus.js';
import { NatsLink } from './nats-link.js';

export interface Platform {
  readonly bus: Bus;
  readonly logger: Logger;
  readonly readiness: Readiness;
}

const loggerToken = Symbol('logger');

/** The process' logger: `constructor(@InjectLogger() private readonly logger: Logger)`. */
export const InjectLogger = (): ParameterDecorator => Inject(loggerToken);

/** What every service injects without importing anything: `Bus`, `NatsLink`, `Readiness` and the logger. */
@Module({})
export class PlatformModule {
  static with({ bus, logger, readiness }: Platform): DynamicModule {
    const providers = [
      { provide: Bus, useValue: bus },
      { provide: NatsLink, useValue: bus.link },
      { provide: Readiness, useValue: readiness },
      { provide: loggerToken, useValue: logger },
    ];
    return { module: PlatformModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
