import { entriesOf, type LogEntry } from './log-entry.js';

/** A log is read from its end; earlier lines are of earlier attempts. */
const readLines = 200;
const keptLength = 300;

/**
 * The processes of PostgreSQL whose `FATAL` ends the server. That of any other ends one connection or one worker: a probe
 * before the server is ready gets one too. A `PANIC` of any process ends the server.
 */
const serverProcesses: ReadonlySet<string> = new Set(['postmaster', 'startup', 'standalone backend']);
/** What PostgreSQL answers clients that connect too early or too late, SQLSTATE 57P03. Plain lines show no process. */
const notReady = /^the database system is (?:starting up|shutting down|in recovery|not )/;
/** Before its data folder is known, PostgreSQL writes without a severity; its other programs have their own. */
const programError =
  /^(?:postgres: |(?:initdb|pg_basebackup|pg_rewind): (?:error: |fatal: |(?=could not |cannot )))(.{1,300})/;
/** PostgreSQL names each wrong parameter of its file in a line before the fatal one. */
const parameterProblems = ['invalid value for parameter', 'outside the valid range for parameter'];
/** The fatal line after those. */
const unspecific = /^configuration file .{1,200} contains errors$/;
/** That PostgreSQL, or what waits for it, has ended. */
const ending = /^(?:exit status \d{1,3}|signal: .{1,30}|context canceled|.{0,30}: Server closed)$/;

function causeIn({ severity, message, backend }: LogEntry): string | undefined {
  if (severity === 'PANIC') return message;
  if (severity === undefined) return programError.exec(message)?.[1];
  if (backend !== undefined && !serverProcesses.has(backend)) return undefined;
  const isCause =
    severity === 'FATAL' ? !notReady.test(message) : parameterProblems.some((problem) => message.includes(problem));
  return isCause ? message : undefined;
}

/** The cause with its detail: that of a record is in the same entry, that of a plain line in the next one. */
function causeAt(entries: readonly LogEntry[], index: number): string[] {
  const entry = entries[index];
  const cause = entry && causeIn(entry);
  if (cause === undefined || cause === '') return [];
  const next = entries[index + 1];
  const detail = entry?.detail ?? (next?.severity === 'DETAIL' ? next.message : undefined);
  return [detail === undefined ? cause : `${cause} (${detail})`];
}

/** The last error of a program that runs PostgreSQL, if it states more than that PostgreSQL has ended. */
function lastError(entries: readonly LogEntry[]): string | undefined {
  const entry = entries.findLast(({ error }) => error !== undefined && !ending.test(error));
  return entry && `${entry.message}: ${entry.error?.split('\n', 1)[0]}`;
}

/**
 * Why a program ended, in its own words, without times and process ids: equal failures have equal causes. Undefined when
 * its log has no line of a known form.
 */
export function failureCause(log: string): string | undefined {
  const lines = log.split('\n').slice(-readLines);
  const entries = lines.flatMap((line) => entriesOf(line.trim()));
  const causes = [...new Set(entries.flatMap((_, index) => causeAt(entries, index)))];
  const specific = causes.filter((cause) => !unspecific.test(cause));
  const [first, second] = (specific.length > 0 ? specific : causes).slice(-2);
  if (first === undefined) return lastError(entries)?.slice(0, keptLength);
  return (second === undefined ? first : `${first}; ${second}`).slice(0, keptLength);
}
