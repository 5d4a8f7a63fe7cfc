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
import { forbidden } from '../access/authorization.js';
import type { CallContext } from '../operation/call-context.js';
import { FollowedResponse } from '../operation/followed-response.js';
import { Operation } from '../operation/operation.decorator.js';
import { stateDigest, followJob, hasEnded, type FollowedJobReader, parseCursor } from './follow-job.js';
import { CallerStreams } from '../access/caller-streams.js';
import { JobReads } from './job-reads.js';
import { JobNotifications, JobFollower } from './job-notifications.js';

/** The routes of a job contain no account: jobs of the caller's accounts are found, others answer 404. */
@Controller()
export class JobsController {
  constructor(
    private readonly bus: Bus,
    private readonly notifications: JobNotifications,
    private readonly streams: CallerStreams,
  ) {}

  @Operation(listJobs)
  list({ params: { aid }, query }: OperationInput<typeof listJobs>, call: CallContext) {
    return new JobReads(this.bus, call).list(aid, query);
  }

  @Operation(showJob)
  show({ params: { id } }: OperationInput<typeof showJob>, call: CallContext) {
    return new JobReads(this.bus, call).job(id);
  }

  @Operation(listWorkItems)
  workItems({ params: { id } }: OperationInput<typeof listWorkItems>, call: CallContext) {
    return new JobReads(this.bus, call).workItems(id);
  }

  @Operation(listJobLogs)
  logs({ params: { id, wid }, query: { after } }: OperationInput<typeof listJobLogs>, call: CallContext) {
    return new JobReads(this.bus, call).logs(id, wid, after);
  }

  @Operation(cancelJob)
  async cancel({ params: { id } }: OperationInput<typeof cancelJob>, call: CallContext) {
    const { aid } = await this.bus.request(jobs.showJob, { id, aids: call.accountsAllowing('read') });
    const account = call.forAccount(aid);
    const { role } = account.actor;
    if (role === undefined || !roleAllows(role, 'write')) throw forbidden(role === undefined ? [] : [role], 'write');
    return this.bus.request(reconciler.cancelJob, { id }, account);
  }

  @Operation(streamJob)
  async stream(
    { params: { id } }: OperationInput<typeof streamJob>,
    call: CallContext,
  ): Promise<FollowedResponse | undefined> {
    const reader = readerOf(id, new JobReads(this.bus, call));
    const sent = parseCursor(call.header('last-event-id'));
    // Open before the first read, so that an event which comes during it ends the stream.
    const { signal, isAuthorized, close } = this.streams.open(call.principal, call.token);
    const follower = new JobFollower(systemClock);
    const unsubscribe = this.notifications.add(id, follower);
    call.onEnd(() => {
      unsubscribe();
      close();
    });
    const job = await reader.job();
    // Everything was sent: 204 stops a browser's EventSource from reconnecting.
    if (hasEnded(job) && sent.job === stateDigest(job)) return undefined;
    const options = { reader, follower, clock: systemClock, sent, signal, isAuthorized };
    return new FollowedResponse(Readable.from(followJob(options), { highWaterMark: 1 }), 'text/event-stream');
  }
}

const readerOf = (id: string, reads: JobReads): FollowedJobReader => ({
  job: () => reads.job(id),
  workItems: async () => (await reads.workItems(id)).workItems,
  logs: async (workItemId, after) => (await reads.logs(id, workItemId, after)).logs,
});
