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

/** The format in which a client follows logs; undefined when it accepts none. */
export function logFormatOf(accept = ''): LogFormat | undefined {
  const accepted = accept.split(',').map((range) => range.split(';', 1)[0]?.trim().toLowerCase());
  return formats.find(({ mediaType }) => accepted.includes(mediaType));
}

/** The last entry of a log that cannot be followed any more. */
export const lastEntry = (now: Date, message: string): LogEntry => ({
  timestamp: now.toISOString(),
  podName: '',
  containerName: diagnosticContainer,
  message,
});
