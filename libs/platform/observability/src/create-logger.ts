import type { LoggerService } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Level, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly service: string;
  /** `silent` writes nothing. */
  readonly level: Level | 'silent';
  readonly replica?: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

const token = /runos_(pat|ses|reg|notify)_[a-z0-9]{12}\.[A-Za-z0-9_-]+/g;
const secretFields = ['password', 'token', 'secret', 'authorization', 'privateKey', 'credentials'];

/** Replaces every RunOS token in a text by its kind. */
export const withoutTokens = (text: string): string => text.replace(token, 'runos_$1_(hidden)');

/**
 * A logger that writes one JSON line per event, with the ids of the active trace. It redacts fields that name a secret
 * and every RunOS token anywhere in a line.
 */
export function createLogger({ service, level, replica, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: replica === undefined ? { service } : { service, replica },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: '(hidden)' },
    hooks: { streamWrite: withoutTokens },
    mixin: traceFields,
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function traceFields(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId };
}

/** Writes warnings of Node.js as log lines instead of text on standard error. */
export function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (err) => logger.warn({ err }, 'Node.js warning'));
}

type Write = 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal';

/**
 * Writes the log lines of Nest through the service's logger. An object as message becomes fields. Nest's level `log`
 * becomes `debug`, because it lists dozens of routes and modules at every start.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log = (message: unknown, ...rest: unknown[]): void => this.write('debug', message, rest);
  error = (message: unknown, ...rest: unknown[]): void => this.write('error', message, rest);
  warn = (message: unknown, ...rest: unknown[]): void => this.write('warn', message, rest);
  debug = (message: unknown, ...rest: unknown[]): void => this.write('debug', message, rest);
  verbose = (message: unknown, ...rest: unknown[]): void => this.write('trace', message, rest);
  fatal = (message: unknown, ...rest: unknown[]): void => this.write('fatal', message, rest);

  /** Nest passes `(message, [stack or error], [context])`; the last string is the context. */
  private write(level: Write, message: unknown, rest: readonly unknown[]): void {
    const last = rest.at(-1);
    const context = typeof last === 'string' ? last : undefined;
    const error = message instanceof Error ? message : rest.find((part) => part instanceof Error);
    const stack = rest.find((part) => typeof part === 'string' && part.includes('\n    at '));
    const fields = { ...(context === stack ? {} : { context }), err: error, ...(stack === undefined ? {} : { stack }) };
    if (typeof message === 'object' && message !== null && !(message instanceof Error)) {
      this.logger[level]({ ...fields, ...message });
    } else {
      this.logger[level](fields, message instanceof Error ? message.message : String(message));
    }
  }
}
