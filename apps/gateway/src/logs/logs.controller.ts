import { Readable } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { linesOf, type OperationInput, type ReadLogs, showAppLogs, showServiceLogs } from '@runos/api';
import { reconciler } from '@runos/contracts';
import { systemClock, unavailable } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { CallerStreams } from '../access/caller-streams.js';
import type { CallContext } from '../operation/call-context.js';
import { JobNotifications } from '../jobs/job-notifications.js';
import { FollowedResponse } from '../operation/followed-response.js';
import { Operation } from '../operation/operation.decorator.js';
import { oneOf } from '../services/instance-request.js';
import { AccountLogs } from './account-logs.js';
import { followLog } from './follow-log.js';
import { InstanceCheck } from './instance-check.js';
import { logFormatOf } from './log-format.js';
import { type LogChunk, OpenLog } from './open-log.js';

type InstanceName = ReturnType<typeof oneOf>;

/** For all lines of a response that is not followed, ms. */
const readTimeoutMs = 8_000;

/** The logs of instances. */
@Controller()
export class LogsController {
  constructor(
    private readonly bus: Bus,
    private readonly accounts: AccountLogs,
    private readonly streams: CallerStreams,
    private readonly jobs: JobNotifications,
  ) {}

  @Operation(showAppLogs)
  ofApp({ params, query }: OperationInput<typeof showAppLogs>, call: CallContext) {
    return this.#logs(oneOf(params), query, call);
  }

  @Operation(showServiceLogs)
  ofService({ params, query }: OperationInput<typeof showServiceLogs>, call: CallContext) {
    return this.#logs(oneOf(params), query, call);
  }

  async #logs(name: InstanceName, query: ReadLogs, call: CallContext) {
    call.onEnd(this.accounts.add(call.account.tenant));
    const format = logFormatOf(call.header('accept'));
    if (format === undefined) return this.#existing(name, query, call);
    // Open before the first request, so that an event which comes during it ends the stream.
    const { signal, isAuthorized, close } = this.streams.open(call.principal, call.token);
    call.onEnd(close);
    const { account } = call;
    const show = () => this.bus.request(reconciler.showInstanceStatus, name, account);
    const check = new InstanceCheck(show, systemClock);
    // An instance is removed by a job.
    call.onEnd(this.jobs.onCompleted(account.tenant, () => check.notify()));
    const log = await this.#open(name, query, true, call);
    const read = () => log.read();
    const exists = () => check.exists();
    const entries = followLog({ read, format, clock: systemClock, signal, isAuthorized, exists });
    return new FollowedResponse(Readable.from(entries, { highWaterMark: 1 }), format.mediaType);
  }

  async #existing(name: InstanceName, query: ReadLogs, call: CallContext) {
    const until = systemClock.monotonicMs() + readTimeoutMs;
    const log = await this.#open(name, query, false, call);
    const entries: LogChunk['entries'] = [];
    for (;;) {
      const chunk = await log.read();
      entries.push(...chunk.entries);
      if (chunk.ended) return chunk.truncated ? { entries, truncated: true } : { entries };
      if (systemClock.monotonicMs() > until)
        throw unavailable('The logs could not be read in time; request fewer lines.');
    }
  }

  /** The log is closed with the response. @throws Fault `unavailable`, `limit.exceeded`, and that of an unknown instance */
  async #open(name: InstanceName, query: ReadLogs, follow: boolean, call: CallContext): Promise<OpenLog> {
    const { since: sinceSeconds, pod, previous } = query;
    const { account } = call;
    const { osid, sessionNo } = await this.bus.request(reconciler.authorizeLogs, { ...name, pod }, account);
    const selection = { osid, tail: linesOf(query), sinceSeconds, pod, previous: previous === 'true', follow };
    const log = await OpenLog.open(this.bus, { cid: name.cid, sessionNo, id: randomUUID(), query: selection }, account);
    call.onEnd(() => void log.close());
    return log;
  }
}
