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
