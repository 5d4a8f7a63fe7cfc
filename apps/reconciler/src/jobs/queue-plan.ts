import type { InstanceKind, Job } from '@runos/api';

/** The type of a job of an instance. */
export const jobTypeOf = <V extends 'create' | 'update' | 'delete' | 'restart'>(kind: InstanceKind, verb: V) =>
  `${kind}.${verb}` as const;

/** A started or queued job of an instance. */
export interface AcceptedJob {
  readonly jobId: string;
  readonly type: Job['type'];
  /** null: it has started. */
  readonly queuePosition: number | null;
}

interface QueuePlan {
  /** The jobs that the new one supersedes. */
  readonly superseded: readonly string[];
  /** The place of the new job in the queue; null: it starts now. */
  readonly queuePosition: number | null;
}

/** The queued jobs that start after a new one, in queue order. */
export const jobsBehind = (
  open: readonly AcceptedJob[],
  { superseded, queuePosition: place }: QueuePlan,
): readonly string[] =>
  open
    .filter(({ jobId, queuePosition }) => (queuePosition ?? 0) > (place ?? 0) && !superseded.includes(jobId))
    .map(({ jobId }) => jobId);

/** One-time operations. Every other job is a rollout or a deletion. */
const actionTypes: ReadonlySet<Job['type']> = new Set<Job['type']>(['service.restart', 'app.restart']);

const deletionTypes: ReadonlySet<Job['type']> = new Set<Job['type']>(['service.delete', 'app.delete']);

export const isDeletion = (type: Job['type']): boolean => deletionTypes.has(type);

export const isAction = (type: Job['type']): boolean => actionTypes.has(type);

/**
 * The place of a new job among the open ones, which are in queue order. A rollout supersedes the open rollout and takes
 * its place, so that a correction never waits behind an action. An action waits behind everything that is open. A
 * deletion supersedes all. So does a forced change, except for queued actions: the job before it may wait for what it
 * forces. Its spec contains those of the rollout and of the action that it supersedes.
 */
export function planQueue(type: Job['type'], open: readonly AcceptedJob[], force = false): QueuePlan {
  const supersede = (jobs: readonly AcceptedJob[]) => ({
    superseded: jobs.map(({ jobId }) => jobId),
    queuePosition: null,
  });
  if (isDeletion(type)) return supersede(open);
  if (force) return supersede(open.filter((job) => job.queuePosition === null || !isAction(job.type)));
  const last = Math.max(0, ...open.map(({ queuePosition }) => queuePosition ?? 0)) + 1;
  if (isAction(type)) return { superseded: [], queuePosition: open.length === 0 ? null : last };
  const rollout = open.find((job) => !isAction(job.type));
  const started = open.find(({ queuePosition }) => queuePosition === null);
  return {
    superseded: rollout === undefined ? [] : [rollout.jobId],
    queuePosition: started === undefined || started === rollout ? null : (rollout?.queuePosition ?? last),
  };
}
