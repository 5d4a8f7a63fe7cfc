import type { Style } from '../output/style.js';
import { CliError } from './cli-error.js';

/** An unexpected error is a defect of the program: its message is all that is known. */
export const cliErrorOf = (error: unknown): CliError =>
  error instanceof CliError ? error : new CliError(error instanceof Error ? error.message : String(error));

/** The one form of every error: what failed and why, where, what to do, trace id. */
export function errorText({ message, details }: CliError, style: Style): string {
  const { field, file, line, column, remedy, traceId } = details;
  const at = [line && `line ${line}`, column && `column ${column}`].filter(Boolean);
  const place = file === undefined ? undefined : [file, ...at].join(', ');
  const rows = Object.entries({ Field: field, File: place, Do: remedy, Trace: traceId });
  const known = rows.filter((row): row is [string, string] => row[1] !== undefined);
  const lines = known.map(([label, value]) => `  ${style.dim(label.padEnd(7))} ${value}`);
  return [`${style.red('Error:')} ${message}`, ...lines, ''].join('\n');
}

/** The one document of a failure under `--json`. */
export function errorDocument({ message, details }: CliError): Record<string, unknown> {
  const { code, statusCode, field, file, line, column, remedy, traceId, body } = details;
  return { error: message, code, statusCode, field, file, line, column, remedy, traceId, ...body };
}
