/** A log is read from its end; earlier lines are of earlier attempts. */
const readLines = 200;
const keptLength = 300;

/** The severities with which PostgreSQL logs why it does not start, and those of many other programs. */
const fatal = /\b(?:FATAL|PANIC): {1,2}(.{1,300})/;
/** Before its data folder is known, PostgreSQL writes without a severity. */
const unprefixed = /^postgres: (.{1,300})/;
/** PostgreSQL names each wrong parameter of its file in a line before the fatal one. */
const logged = /\bLOG: {1,2}(.{1,300})/;
const parameterProblems = ['invalid value for parameter', 'outside the valid range for parameter'];
/** The fatal line after those. */
const unspecific = /^configuration file .{1,200} contains errors$/;

/** The message of a log line. CloudNativePG writes JSON: PostgreSQL's line as `msg`, or its fields as `record`. */
function messageOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { msg, record } = JSON.parse(line) as {
      msg?: unknown;
      record?: { error_severity?: unknown; message?: unknown };
    };
    if (typeof record?.message === 'string') return `${String(record.error_severity)}:  ${record.message}`;
    return typeof msg === 'string' ? msg : line;
  } catch {
    return line;
  }
}

function causeIn(line: string): string | undefined {
  const cause = (fatal.exec(line) ?? unprefixed.exec(line))?.[1];
  if (cause !== undefined) return cause;
  const other = logged.exec(line)?.[1];
  return parameterProblems.some((problem) => other?.includes(problem)) ? other : undefined;
}

/**
 * Why a program ended, in its own words, without times and process ids: equal failures have equal causes. Undefined when
 * its log has no line of a known form.
 */
export function failureCause(log: string): string | undefined {
  const lines = log.split('\n').slice(-readLines);
  const causes = [...new Set(lines.flatMap((line) => causeIn(messageOf(line.trim()))?.trim() ?? []))];
  const specific = causes.filter((cause) => !unspecific.test(cause));
  const [first, second] = (specific.length > 0 ? specific : causes).slice(-2);
  if (first === undefined) return undefined;
  return (second === undefined ? first : `${first}; ${second}`).slice(0, keptLength);
}
