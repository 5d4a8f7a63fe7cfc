import { Readable } from 'node:stream';
import { Controller } from '@nestjs/common';
import {
  cancelJob,
  listJobLogs,
  listJobs,
  listWorkItems,
  type OperationInput,
  roleAllows,
  showJob,
  streamJob,
} from '@runos/api';
import { jobs, reconciler } from '@runos/contracts';
import { systemClock } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { forbidden } from '../access/require-level.guard.js';
import type { Call } from '../operation/call.js';
import { Operation } from '../operation/operation.decorator.js';
import { followJob, hasEnded, type JobReader } from './follow-job.js';
import { JobStreams } from './job-streams.js';
import { JobWakes, Watch } from './job-wakes.js';
import { digestOf, seenFrom } from './stream-cursor.js';

/** A job's own routes carry no account: any job of the caller's accounts is found, and every other does not exist. */
@Controller()
export class JobsController {
  constructor(
    private readonly bus: Bus,
    private readonly wakes: JobWakes,
    private readonly streams: JobStreams,
  ) {}

  @Operation(listJobs)
  list({ query }: OperationInput<typeof listJobs>, { account }: Call) {
    return this.bus.request(jobs.listJobs, query, account);
  }

  @Operation(showJob)
  show({ params: { id } }: OperationInput<typeof showJob>, call: Call) {
    return this.bus.request(jobs.showJob, { id, aids: call.aidsThatAllow('read') });
  }

  @Operation(listWorkItems)
  workItems({ params: { id } }: OperationInput<typeof listWorkItems>, call: Call) {
    return this.bus.request(jobs.listWorkItems, { id, aids: call.aidsThatAllow('read') });
  }

  @Operation(listJobLogs)
  logs({ params: { id, wid }, query: { after } }: OperationInput<typeof listJobLogs>, call: Call) {
    return this.bus.request(jobs.listJobLogs, { id, workItemId: wid, after, aids: call.aidsThatAllow('read') });
  }

  @Operation(cancelJob)
  async cancel({ params: { id } }: OperationInput<typeof cancelJob>, call: Call) {
    const { aid } = await this.bus.request(jobs.showJob, { id, aids: call.aidsThatAllow('read') });
    const account = call.inAccount(aid);
    const { role } = account.actor;
    if (role === undefined || !roleAllows(role, 'write')) throw forbidden(role === undefined ? [] : [role], 'write');
    return this.bus.request(reconciler.cancelJob, { id }, account);
  }

  @Operation(streamJob)
  async stream({ params: { id } }: OperationInput<typeof streamJob>, call: Call): Promise<Readable | undefined> {
    const reader = this.#reader(id, call.aidsThatAllow('read'));
    const seen = seenFrom(call.header('last-event-id'));
    const job = await reader.job();
    // All of it was told: the answer that keeps a browser's EventSource from coming back.
    if (hasEnded(job) && seen.job === digestOf(job)) return undefined;
    const { signal, close } = this.streams.open(call.principal);
    const watch = new Watch(systemClock);
    const unwatch = this.wakes.add(id, watch);
    call.onEnd(() => {
      unwatch();
      close();
    });
    return Readable.from(followJob({ reader, watch, clock: systemClock, seen, signal }), { highWaterMark: 1 });
  }

  #reader(id: string, aids: string[]): JobReader {
    return {
      job: () => this.bus.request(jobs.showJob, { id, aids }),
      workItems: async () => (await this.bus.request(jobs.listWorkItems, { id, aids })).workItems,
      logs: async (workItemId, after) =>
        (await this.bus.request(jobs.listJobLogs, { id, aids, workItemId, after })).logs,
    };
  }
}
