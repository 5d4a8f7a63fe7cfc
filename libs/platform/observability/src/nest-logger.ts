import type { LoggerService } from '@nestjs/common';
import type { Logger } from './create-logger.js';

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
