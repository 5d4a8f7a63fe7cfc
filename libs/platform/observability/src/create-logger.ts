import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Level, type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

export interface LoggerOptions {
  readonly service: string;
  /** `silent` writes nothing. */
  readonly level: Level | 'silent';
  readonly replica?: string;
  /** Where lines go; standard output unless given. */
  readonly destination?: DestinationStream;
}

const token = /runos_(pat|ses|reg|notify)_[a-z0-9]{12}\.[A-Za-z0-9_-]+/g;
const secretFields = ['password', 'token', 'secret', 'authorization', 'privateKey', 'credentials'];

/** Tokens of ours, wherever they stand in a text, cut down to their kind. */
export const withoutTokens = (text: string): string => text.replace(token, 'runos_$1_(hidden)');

/**
 * A logger that writes one JSON line per event, with the trace it belongs to. Values of fields that name a secret
 * are hidden, and so is every token of ours anywhere in a line.
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

/** Warnings of Node itself as lines of the log, instead of its own text. */
export function logWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (err) => logger.warn({ err }, 'a warning of Node'));
}
