import type { Operation, RecordedHistory } from './recorded-history.js';
import type { Read } from './ordered-reads.js';

/** Something with the status of a job: the job itself or one of its work items. */
export interface StatusRead extends Read {
  readonly status: string;
  /** The whole body, as canonical text. */
  readonly body: string;
}

/** One connection to a job's stream. */
export interface StreamRead extends Read {
  readonly statuses: readonly string[];
}

/** What was read of one job. */
export interface JobHistory {
  readonly id: string;
  /** The first response that contained its id. */
  acknowledgement: Operation | undefined;
  readonly missing: Read[];
  readonly reads: StatusRead[];
  readonly workItems: Map<string, StatusRead[]>;
  readonly streams: StreamRead[];
}

/** The read that first received the completion of a job, by its id. */
export type CompletedJobs = ReadonlyMap<unknown, StatusRead>;

interface Shown {
  readonly id: string;
  readonly status: string;
}

const jobPath = /^\/jobs\/([^/?]+)(\/workitems|\/stream)?$/;
const listPath = /^\/[^/]+\/jobs(\?.*)?$/;
const bodyOf = ({ response }: Operation): Readonly<Record<string, unknown>> => Object(response) as never;

/** Whether the operation is a list of jobs that was answered. */
export const isJobList = ({ method, path, status }: Operation): boolean =>
  method === 'GET' && listPath.test(path) && status === 200;

/** The history of each job, from the requests to the API. */
export function jobHistories({ operations }: RecordedHistory): JobHistory[] {
  const histories = new Map<string, JobHistory>();
  const of = (id: string): JobHistory => {
    const known = histories.get(id) ?? {
      id,
      acknowledgement: undefined,
      missing: [],
      reads: [],
      workItems: new Map<string, StatusRead[]>(),
      streams: [],
    };
    histories.set(id, known);
    return known;
  };
  for (const operation of operations) {
    const { method, status } = operation;
    const { jobId } = bodyOf(operation);
    if (method !== 'GET' && status === 202 && typeof jobId === 'string') {
      const job = of(jobId);
      if ((job.acknowledgement?.to ?? Infinity) > operation.to) job.acknowledgement = operation;
    }
    if (method !== 'GET') continue;
    if (isJobList(operation)) for (const job of jobsIn(operation)) of(job.id).reads.push(statusRead(operation, job));
    const [, id, part] = jobPath.exec(operation.path) ?? [];
    if (id !== undefined) addRead(of(id), operation, part);
  }
  return [...histories.values()];
}

/** The first read of each completed job. */
export function completedJobs(jobs: readonly JobHistory[]): CompletedJobs {
  const completed = new Map<string, StatusRead>();
  for (const { id, reads } of jobs) {
    const [first] = reads.filter(({ status }) => status === 'completed').toSorted((a, b) => a.to - b.to);
    if (first !== undefined) completed.set(id, first);
  }
  return completed;
}

/** The jobs that a list contains, newest first. */
export const jobsIn = (operation: Operation): readonly Shown[] => bodyOf(operation)['jobs'] as readonly Shown[];

/** Whether older jobs are on further pages. */
export const hasMore = (operation: Operation): boolean => bodyOf(operation)['nextCursor'] !== null;

function addRead(job: JobHistory, operation: Operation, part: string | undefined): void {
  const { from, to, status } = operation;
  if (status === 404) job.missing.push({ from, to, operation });
  if (part === '/stream') addStream(job, operation);
  if (status !== 200) return;
  if (part === undefined) job.reads.push(statusRead(operation, bodyOf(operation) as unknown as Shown));
  if (part === '/workitems') {
    for (const item of bodyOf(operation)['workItems'] as readonly Shown[]) addWorkItem(job, operation, item);
  }
}

/** The plane read an event at some time since the stream was opened. */
function addStream(job: JobHistory, operation: Operation): void {
  const { from, to, events = [] } = operation;
  const statuses = events.flatMap(({ at, event, data }) => {
    const shown = data as Shown;
    if (event === 'workitem') addWorkItem(job, operation, shown, at);
    if (event !== 'job') return [];
    job.reads.push(statusRead(operation, shown, at));
    return [shown.status];
  });
  job.streams.push({ from, to, operation, statuses });
}

function addWorkItem(job: JobHistory, operation: Operation, item: Shown, at = operation.to): void {
  const reads = job.workItems.get(item.id) ?? [];
  job.workItems.set(item.id, reads);
  reads.push(statusRead(operation, item, at));
}

const statusRead = (operation: Operation, shown: Shown, to = operation.to): StatusRead => ({
  from: operation.from,
  to,
  operation: operation.events === undefined ? { ...operation, response: shown } : operation,
  status: shown.status,
  body: JSON.stringify(shown),
});
