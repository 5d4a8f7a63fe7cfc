import { diagnosticContainer, type LogEntry, logEntryOverhead, maxLogLineBytes } from '@runos/agent-protocol';

/** The bytes of a line that a node sends with its timestamp in front. */
export const maxLineBytes = maxLogLineBytes + 40;

/** RFC 3339 with up to nine decimals, as kubelet writes it before each line. */
const timestamped = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2}) ?/;

export interface LogLine {
  /** In UTC with nine decimals, so that its text orders as its time. Undefined for a line of the kubelet itself. */
  readonly timestamp: string | undefined;
  readonly message: string;
}

/** Reads a line that a node has sent with its timestamp. */
export function parseLogLine(line: string): LogLine {
  const match = timestamped.exec(line);
  if (match === null) return { timestamp: undefined, message: line };
  const [prefix, seconds = '', fraction = '', zone = 'Z'] = match;
  const utc = inUtc(seconds + zone);
  if (utc === undefined) return { timestamp: undefined, message: line };
  const end = line.endsWith('\r') ? line.length - 1 : line.length;
  return { timestamp: `${utc}.${fraction.padEnd(9, '0')}Z`, message: line.slice(prefix.length, end) };
}

/** Many lines have the same second, and a conversion costs more than the rest of a line. */
let last: { readonly text: string; readonly utc: string | undefined } = { text: '', utc: undefined };

/** A time of whole seconds in UTC, without its zone; undefined if it is none. */
function inUtc(text: string): string | undefined {
  if (last.text === text) return last.utc;
  const time = new Date(text);
  const utc = Number.isNaN(time.getTime()) ? undefined : time.toISOString().slice(0, 19);
  last = { text, utc };
  return utc;
}

/** A time of this machine as the timestamp of an entry. */
const timestampOf = (time: Date): string => time.toISOString().replace('Z', '000000Z');

/** An entry with the reason why lines are missing. */
export const diagnostic = (now: Date, message: string, podName = ''): LogEntry => ({
  timestamp: timestampOf(now),
  podName,
  containerName: diagnosticContainer,
  message: message.slice(0, maxLogLineBytes),
});

/** What an entry counts in every limit of memory. */
export const lengthOf = ({ message }: LogEntry): number => message.length + logEntryOverhead;
