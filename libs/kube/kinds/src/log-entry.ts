import { isMap, textOf } from '@runos/kube-objects';

/** A line of a log, as far as it states why a program has ended. */
export interface LogEntry {
  /** Of PostgreSQL: `FATAL`, `LOG`, `DETAIL`. Undefined for a line of another form. */
  readonly severity?: string | undefined;
  readonly message: string;
  readonly detail?: string | undefined;
  /** The kind of the PostgreSQL process, such as `startup`. Plain lines do not state it. */
  readonly backend?: string | undefined;
  /** The error of another program that the line is about. */
  readonly error?: string | undefined;
}

/** The default `log_line_prefix` of PostgreSQL ends before the severity, and two blanks follow that. */
const plain = /\b(FATAL|PANIC|LOG|DETAIL): {1,2}(.{1,1000})/;

/**
 * The entries of a log line. CloudNativePG writes JSON: a record of PostgreSQL's CSV log with `msg: record`, otherwise the
 * output of a program as `msg`, of one or more lines. Its own errors have `error`. The names of `level` and `ts` are
 * settings. https://cloudnative-pg.io/docs/1.31/logging
 */
export function entriesOf(line: string): LogEntry[] {
  const json = line.startsWith('{') ? parse(line) : undefined;
  if (json === undefined) return [plainEntry(line)];
  const { record, msg } = json;
  if (isMap(record)) return [recordEntry(record)];
  const message = textOf(msg) ?? '';
  const error = textOf(json['error']);
  return error === undefined ? message.split('\n').map(plainEntry) : [{ message, error }];
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined; // the line was cut, or is of another program
  }
}

function plainEntry(line: string): LogEntry {
  const [, severity, message] = plain.exec(line) ?? [];
  return { severity, message: (message ?? line).trim() };
}

/** Absent columns of the CSV log are absent or empty. */
const recordEntry = (record: Readonly<Record<string, unknown>>): LogEntry => ({
  severity: textOf(record['error_severity']),
  message: firstLine(record['message']),
  detail: firstLine(record['detail']) || undefined,
  backend: textOf(record['backend_type']) || undefined,
});

const firstLine = (value: unknown): string => (textOf(value) ?? '').split('\n', 1)[0]?.trim() ?? '';
