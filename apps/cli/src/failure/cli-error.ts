import { exitCodes } from './exit-codes.js';

export interface ErrorDetails {
  readonly exitCode?: number;
  /** Stable and machine-readable, as the codes of the API. */
  readonly code?: string;
  /** Where it is: the input, the file, the line. */
  readonly field?: string | undefined;
  readonly file?: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** What the user should do. */
  readonly remedy?: string;
  readonly traceId?: string;
  readonly statusCode?: number;
  /** No failure: only the message is printed. */
  readonly isNotice?: boolean;
  /** Further keys of the answer of the server, for `--json`. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** A failure that its reader can act on. The message is one or more sentences. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }

  get exitCode(): number {
    return this.details.exitCode ?? exitCodes.failed;
  }
}

/** The command line itself is wrong. */
export const usageError = (message: string, details: ErrorDetails = {}): CliError =>
  new CliError(message, { exitCode: exitCodes.usage, code: 'usage', ...details });
