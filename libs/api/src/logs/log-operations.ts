import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid, cid, type, serviceId, appId } = pathParams;

/** The most lines of one response. Each may have 16 KiB. */
const maxLines = 10_000;
const maxAgeSeconds = 90 * 24 * 60 * 60;

/** Query of logs. `tail=0` needs `since` and stands for all lines since then, of which the newest 10,000 are returned. */
export const ReadLogs = z
  .strictObject({
    tail: z.coerce.number().int().min(0).max(maxLines).default(100).register(documentation, {
      description: 'The newest lines of all pods together; 0 with `since`: as many as possible.',
      unit: 'lines',
    }),
    since: z.coerce.number().int().min(1).max(maxAgeSeconds).optional().register(documentation, {
      description: 'The age of the oldest line in seconds, at most 90 days.',
      unit: 'seconds',
    }),
    pod: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
      .optional()
      .register(documentation, { description: 'Only this pod.' }),
    previous: z
      .enum(['true', 'false'])
      .default('false')
      .register(documentation, { description: '`true`: of the runs before the last restart of each container.' }),
  })
  .refine(({ tail, since }) => tail > 0 || since !== undefined, {
    path: ['tail'],
    error: '0 is allowed with since only',
  });
export type ReadLogs = z.output<typeof ReadLogs>;

/** The number of lines that a query selects. */
export const linesOf = ({ tail }: ReadLogs): number => (tail === 0 ? maxLines : tail);

const LogEntry = z.object({
  timestamp: Timestamp,
  podName: z.string(),
  containerName: z.string(),
  /** A line of more than 16 KiB is cut, and ends with the number of missing bytes. */
  message: z.string(),
});

/** Oldest first. `truncated`: older lines were left out, because all of them have more than 4 MiB. */
export const LogEntries = z.object({ entries: z.array(LogEntry), truncated: z.boolean().optional() });

const summary =
  'Read the logs of all pods, merged by time. `Accept: application/x-ndjson` or `text/event-stream` follows them. An audit entry is written before the response.';
const example = {
  entries: [
    {
      timestamp: '2030-02-11T09:30:00.000000000Z',
      podName: 'valkey-x7k2p-0',
      containerName: 'valkey',
      message: 'Ready to accept connections tcp',
    },
  ],
};
const followed = ['application/x-ndjson', 'text/event-stream'] as const;

/**
 * An entry with the container name `<diagnostic>` is no line, but the reason why lines are missing. A followed log ends when the
 * agent disconnects and when the access of its caller changes. It also ends when the pod of the query or the instance is
 * gone. `limit.exceeded` beyond the logs that an account, an agent or a token may read at once.
 */
export const showServiceLogs = operation({
  id: 'service.logs',
  method: 'GET',
  path: '/:aid/:cid/services/:type/:id/logs',
  access: 'sensitive_read',
  summary,
  params: { aid, cid, type, id: serviceId },
  query: ReadLogs,
  output: LogEntries,
  followed,
  examples: { output: example },
});

/** As `showServiceLogs`. */
export const showAppLogs = operation({
  ...showServiceLogs,
  id: 'app.logs',
  path: '/:aid/:cid/apps/:id/logs',
  params: { aid, cid, id: appId },
});
