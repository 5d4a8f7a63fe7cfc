import { setTimeout as sleep } from 'node:timers/promises';
import { type Row, rowsOf, type Wire } from './wire.js';

/** Existing clients read a followed job once per second, ms. */
const pauseMs = 1_000;
/** They end after half an hour; no job of a test takes this long, ms. */
const maxMs = 170_000;
const ends = ['completed', 'failed', 'cancelled'];
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a followed job has printed, and how it ended. */
export interface FollowedJob {
  readonly job: Row;
  readonly lines: readonly string[];
}

/** Follows a job as existing clients do. @throws Error for a job or a response that they cannot follow */
export async function followJob(wire: Wire, jobId: unknown): Promise<FollowedJob> {
  if (typeof jobId !== 'string' || !uuid.test(jobId)) throw new Error(`no id of a job: ${String(jobId)}`);
  const follower = new JobFollower(wire, jobId);
  const until = performance.now() + maxMs;
  for (;;) {
    const job = await follower.read();
    if (ends.includes(String(job['status']))) return { job, lines: follower.lines };
    if (performance.now() > until) throw new Error(`job ${jobId} did not end: ${JSON.stringify(job)}`);
    await sleep(pauseMs);
  }
}

class JobFollower {
  readonly lines: string[] = [];
  readonly #cursors = new Map<string, string>();

  constructor(
    private readonly wire: Wire,
    private readonly jobId: string,
  ) {}

  async read(): Promise<Row> {
    const job = await this.wire.get(`/jobs/${this.jobId}`);
    const { progress, status, currentStep } = job;
    if (progress !== undefined && progress !== null && typeof progress !== 'string')
      throw new Error(`progress is no text: ${JSON.stringify(job)}`);
    if (typeof status !== 'string') throw new Error(`the job has no status: ${JSON.stringify(job)}`);
    this.#print(`job: ${status} ${String(progress ?? currentStep ?? '')}`);
    const { workItems } = await this.wire.get(`/jobs/${this.jobId}/workitems`);
    for (const item of rowsOf({ workItems }, 'workItems')) await this.#readItem(item);
    return job;
  }

  async #readItem({ id, name, status, stepNumber }: Row): Promise<void> {
    if (typeof id !== 'string' || !Number.isInteger(stepNumber)) throw new Error(`no work item: ${String(id)}`);
    this.#print(`step ${String(stepNumber)} ${String(name)}: ${String(status)}`);
    if (status === 'pending') return;
    const cursor = this.#cursors.get(id);
    const after = cursor === undefined ? '' : `?after=${encodeURIComponent(cursor)}`;
    const page = await this.wire.get(`/jobs/${this.jobId}/workitems/${id}/logs${after}`);
    for (const { message } of rowsOf(page, 'logs')) this.lines.push(`  ${String(message)}`);
    if (typeof page['nextCursor'] === 'string') this.#cursors.set(id, page['nextCursor']);
  }

  /** Changes only. */
  #print(line: string): void {
    if (!this.lines.includes(line)) this.lines.push(line);
  }
}
