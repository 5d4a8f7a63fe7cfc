import { configOrExit, type NatsConfig, type ProcessConfig, shutdownTimeoutMs } from '@runos/config';
import { createLogger, type Logger, logWarnings, startTelemetry } from '@runos/observability';
import type { z } from 'zod';
import { type RunningService, type ServiceDefinition, startService } from './start-service.js';

export interface ServiceProgram<Shape extends z.ZodRawShape> extends Omit<
  ServiceDefinition<ProcessConfig & NatsConfig>,
  'module' | 'http'
> {
  readonly config: z.ZodObject<Shape>;
  readonly module: ServiceDefinition<z.output<z.ZodObject<Shape>> & ProcessConfig & NatsConfig>['module'];
  readonly http?: ServiceDefinition<z.output<z.ZodObject<Shape>> & ProcessConfig & NatsConfig>['http'];
}

/**
 * The main program of a service: settings, logs, telemetry, the service, and a graceful shutdown on SIGTERM or SIGINT.
 * Exits with 0 after a clean shutdown, 78 for invalid settings, 1 otherwise.
 */
export async function runService<Shape extends z.ZodRawShape>(program: ServiceProgram<Shape>): Promise<void> {
  const config = configOrExit(program.config) as z.output<z.ZodObject<Shape>> & ProcessConfig & NatsConfig;
  const logger = createLogger({ service: program.name, level: config.logLevel, replica: config.replicaId });
  logWarnings(logger);
  const telemetry = await startTelemetry({
    service: program.name,
    replica: config.replicaId,
    otlpEndpoint: config.otlpEndpoint,
    traceRatio: config.traceRatio,
  });
  let service: RunningService | undefined;
  const stop = async () => {
    await service?.stop();
    await telemetry.stop();
  };
  shutDownOnSignals(logger, stop);
  try {
    service = await startService(program, config, logger);
  } catch (error) {
    logger.fatal({ err: error }, 'could not start');
    process.exit(1);
  }
}

/** Shuts down once, on SIGTERM, SIGINT or an uncaught error. */
function shutDownOnSignals(logger: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const end = (code: number) => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.exit(1), shutdownTimeoutMs).unref();
    stop().then(
      () => process.exit(code),
      (error: unknown) => {
        logger.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(0));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      end(1);
    });
  }
}
