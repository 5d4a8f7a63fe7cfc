import type { Job, JobLog, WorkItem } from '@runos/api';
import type { ApiClient } from '../http/api-client.js';
import { hasEnded, type JobEvent } from './job-event.js';
import { pause } from './streamed-events.js';

const intervalMs = 1_000;

/** As `streamedEvents`, for servers without the stream: reads job, work items and logs every second. */
export async function* polledEvents(client: ApiClient, jobId: string, stop: AbortSignal): AsyncGenerator<JobEvent> {
  const read = async <T>(path: string): Promise<T> => (await client.send({ method: 'GET', path })).body as T;
  const seen = new Map<string, string>();
  const cursors = new Map<string, string>();
  while (!stop.aborted) {
    const job = await read<Job>(`/jobs/${jobId}`);
    const { workItems } = await read<{ workItems: readonly WorkItem[] }>(`/jobs/${jobId}/workitems`);
    for (const item of workItems.filter(({ id, status }) => seen.get(id) !== status)) {
      seen.set(item.id, item.status);
      yield { event: 'workitem', data: item };
    }
    for (const { id } of workItems.filter(({ status }) => status !== 'pending')) {
      const after = cursors.has(id) ? `?after=${encodeURIComponent(cursors.get(id) ?? '')}` : '';
      const page = await read<{ logs?: readonly JobLog[]; nextCursor?: string | null }>(
        `/jobs/${jobId}/workitems/${encodeURIComponent(id)}/logs${after}`,
      ).catch(() => ({ logs: [], nextCursor: null }));
      if (typeof page.nextCursor === 'string') cursors.set(id, page.nextCursor);
      for (const data of page.logs ?? []) yield { event: 'log', data };
    }
    yield { event: 'job', data: job };
    if (hasEnded(job)) return;
    await pause(intervalMs, stop);
  }
}
