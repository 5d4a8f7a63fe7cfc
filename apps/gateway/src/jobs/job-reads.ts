import { type Job, logLevel, withoutQuotedLog } from '@runos/api';
import { type InputOf, jobs, type OutputOf } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';

type List = InputOf<typeof jobs.listJobs>;
type Listed = OutputOf<typeof jobs.listJobs>;
type WorkItems = OutputOf<typeof jobs.listWorkItems>;
type Logs = OutputOf<typeof jobs.listJobLogs>;

/**
 * Reads jobs with the rights of a caller. A job that failed quotes log lines of its containers. They are left out for a
 * caller who may not read the logs of its account.
 */
export class JobReads {
  readonly #aids: string[];
  readonly #logAids: ReadonlySet<string>;
  /** The accounts of the jobs that were read: they never change. */
  readonly #accounts = new Map<string, string>();

  constructor(
    private readonly bus: Bus,
    private readonly call: CallContext,
  ) {
    this.#aids = call.accountsAllowing('read');
    this.#logAids = new Set(call.accountsAllowing(logLevel));
  }

  async list(aid: string, query: List): Promise<Listed> {
    const page = await this.bus.request(jobs.listJobs, query, this.call.account);
    return this.#logAids.has(aid) ? page : { ...page, jobs: page.jobs.map(withoutLog) };
  }

  /** @throws Fault `job.not_found` */
  async job(id: string): Promise<Job> {
    const job = await this.bus.request(jobs.showJob, { id, aids: this.#aids });
    this.#accounts.set(id, job.aid);
    return this.#logAids.has(job.aid) ? job : withoutLog(job);
  }

  /** @throws Fault `job.not_found` */
  async workItems(id: string): Promise<WorkItems> {
    const found = await this.bus.request(jobs.listWorkItems, { id, aids: this.#aids });
    if (await this.#readsLogsOf(id)) return found;
    return { ...found, workItems: found.workItems.map((item) => ({ ...item, result: textOf(item.result) })) };
  }

  /** @throws Fault `job.not_found` */
  async logs(id: string, workItemId: string, after: string | undefined): Promise<Logs> {
    const found = await this.bus.request(jobs.listJobLogs, { id, workItemId, after, aids: this.#aids });
    if (await this.#readsLogsOf(id)) return found;
    return { ...found, logs: found.logs.map((line) => ({ ...line, message: withoutQuotedLog(line.message) })) };
  }

  /** A caller who may read the logs of all accounts needs no look at the account of the job. */
  async #readsLogsOf(id: string): Promise<boolean> {
    if (this.#aids.every((aid) => this.#logAids.has(aid))) return true;
    const aid = this.#accounts.get(id) ?? (await this.job(id)).aid;
    return this.#logAids.has(aid);
  }
}

const textOf = (text: string | null): string | null => (text === null ? null : withoutQuotedLog(text));
const withoutLog = (job: Job): Job => ({ ...job, error: textOf(job.error) });
