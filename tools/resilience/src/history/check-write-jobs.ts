import { epochOf, mayBeLost } from './epochs.js';
import type { InstanceHistory, InstanceWrite } from './instance-history.js';
import type { CompletedJobs } from './job-history.js';
import type { Read } from './ordered-reads.js';
import type { Operation, RecordedHistory, Restore } from './recorded-history.js';
import type { Violation } from './violation.js';

/** The contradictions between acknowledged writes and the jobs of their responses. */
export function checkWriteJobs(
  history: RecordedHistory,
  instances: readonly InstanceHistory[],
  completed: CompletedJobs,
): Violation[] {
  const restores = history.restores.filter(({ database }) => database === 'reconciler');
  return [
    ...checkJobIds(history.operations),
    ...instances.flatMap((instance) => [...checkObserved(instance, completed, restores)]),
  ];
}

/** Each write has a job of its own; a repeated key gets the job of its first request. */
function* checkJobIds(operations: readonly Operation[]): Generator<Violation> {
  const first = new Map<string, Operation>();
  for (const operation of operations) {
    const { jobId } = Object(operation.response) as { readonly jobId?: unknown };
    if (operation.method === 'GET' || operation.status !== 202 || typeof jobId !== 'string') continue;
    const earlier = first.get(jobId);
    if (earlier === undefined) first.set(jobId, operation);
    else if (operation.key === undefined || operation.key !== earlier.key)
      yield violation(jobId, 'two writes had one job', { operation: earlier }, { operation });
  }
}

/** A job completes when the agent has reported the generation of its write as ready. */
function* checkObserved(
  instance: InstanceHistory,
  completed: CompletedJobs,
  restores: readonly Restore[],
): Generator<Violation> {
  const reads = instance.reads.flatMap(({ spec, ...read }) => (spec === undefined ? [] : [{ ...read, ...spec }]));
  for (const write of instance.writes) {
    const completion = completed.get(write.jobId);
    if (completion === undefined || write.verb === 'delete') continue;
    const generation = minGeneration(write, reads, restores);
    const until = { from: write.from, to: completion.to };
    const unobserved = reads.find(
      (read) => read.from > completion.to && read.observedGeneration < generation && !mayBeLost(until, read, restores),
    );
    if (unobserved !== undefined)
      yield violation(String(write.jobId), 'a job completed without its generation', write, completion, unobserved);
  }
}

/** The generation of a write is above every generation that was read before it. */
function minGeneration(
  write: InstanceWrite,
  reads: readonly (Read & { readonly generation: number })[],
  restores: readonly Restore[],
): number {
  const epoch = epochOf(write, restores);
  const earlier = reads.filter(
    (read) => read.to < write.from && epoch !== undefined && epochOf(read, restores) === epoch,
  );
  return earlier.reduce((highest, { generation }) => Math.max(highest, generation), 0) + 1;
}

const violation = (subject: string, rule: string, ...involved: readonly Pick<Read, 'operation'>[]): Violation => ({
  rule,
  subject: `job ${subject}`,
  operations: involved.map(({ operation }) => operation),
});
