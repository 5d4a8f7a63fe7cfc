import type { FollowedMediaType } from '@runos/api';
import { diagnosticContainer, type LogEntry } from '@runos/contracts';

/** How a followed log is written. */
export interface LogFormat {
  readonly mediaType: FollowedMediaType;
  readonly entry: (entry: LogEntry) => string;
  /** Keeps the connection open; empty where the media type has nothing that means nothing. */
  readonly keepAlive: string;
}

const formats: readonly LogFormat[] = [
  {
    mediaType: 'application/x-ndjson',
    entry: (entry) => `${JSON.stringify(entry)}\n`,
    keepAlive: '',
  },
  {
    mediaType: 'text/event-stream',
    entry: (entry) => `event: log\ndata: ${JSON.stringify(entry)}\n\n`,
    keepAlive: ': keep-alive\n\n',
  },
];

/** What a log that is not followed has, with the ranges that include it; the most specific one decides (RFC 9110, 12.5.1). */
const notFollowed = ['application/json', 'application/*', '*/*'];

/**
 * The format in which a client follows logs: the one that it accepts with the highest weight. Undefined when it names none,
 * or prefers a log that is not followed.
 */
export function logFormatOf(accept = ''): LogFormat | undefined {
  const weights = new Map(accept.split(',').map(weighted));
  const weightOf = ({ mediaType }: LogFormat): number => weights.get(mediaType) ?? 0;
  const [best] = [...formats].sort((a, b) => weightOf(b) - weightOf(a));
  if (best === undefined || weightOf(best) === 0) return undefined;
  const range = notFollowed.find((each) => weights.has(each));
  return range !== undefined && (weights.get(range) ?? 0) > weightOf(best) ? undefined : best;
}

/** A media range with its weight, which is 1 without a valid `q`. */
function weighted(element: string): [range: string, weight: number] {
  const [range = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase());
  const [weight] = parameters.flatMap((parameter) => /^q=([01](?:\.\d{0,3})?)$/.exec(parameter)?.[1] ?? []);
  return [range, Math.min(1, Number(weight ?? 1))];
}

/** The last entry of a log that cannot be followed any more. */
export const lastEntry = (now: Date, message: string): LogEntry => ({
  timestamp: now.toISOString(),
  podName: '',
  containerName: diagnosticContainer,
  message,
});
