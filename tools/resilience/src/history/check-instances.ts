import { checkStatuses } from './check-statuses.js';
import { byEpoch, mayBeLost } from './epochs.js';
import type { InstanceHistory, InstanceRead, InstanceWrite } from './instance-history.js';
import type { CompletedJobs } from './job-history.js';
import { contradictions, regressions } from './ordered-reads.js';
import type { RecordedHistory, Restore } from './recorded-history.js';
import type { Violation } from './violation.js';

/** The contradictions between reads and writes of each instance, and between its statuses. */
export function checkInstances(
  history: RecordedHistory,
  instances: readonly InstanceHistory[],
  completed: CompletedJobs,
): Violation[] {
  const restores = history.restores.filter(({ database }) => database === 'reconciler');
  return instances.flatMap((instance) => [
    ...instance.reads.flatMap((read) => [
      ...checkValue(instance, read, restores),
      ...checkExistence(instance, read, restores),
      ...checkDeletion(instance, read, restores, completed),
    ]),
    ...checkOrder(instance, restores),
    ...checkStatuses(instance, history, restores),
  ]);
}

/** A register: the last acknowledged write before the read, or one that overlaps it or the read. */
function* checkValue({ osid, writes }: InstanceHistory, read: InstanceRead, restores: readonly Restore[]) {
  if (read.spec === undefined) return;
  const { cpuLimitMc } = read.spec;
  const values = writes.filter(({ verb, outcome }) => verb !== 'delete' && outcome !== 'refused');
  const write = values.find((each) => each.cpuLimitMc === cpuLimitMc);
  const isCreateKnown = values.some(({ verb }) => verb === 'create');
  if (write === undefined && isCreateKnown) {
    yield violation(osid, 'a read returned the value of no accepted write', read);
  } else if (write !== undefined && write.from > read.to) {
    yield violation(osid, 'a read returned the value of a write before the write', read, write);
  }
  // An unknown value is that of a create outside of the history, before every write.
  const writtenBy = write === undefined ? 0 : write.outcome === 'acknowledged' ? write.to : Infinity;
  const newer = values.find(
    (each) =>
      each.cpuLimitMc !== undefined &&
      each.outcome === 'acknowledged' &&
      each.from > writtenBy &&
      each.to < read.from &&
      !mayBeLost(each, read, restores),
  );
  if (newer === undefined || (write === undefined && isCreateKnown)) return;
  yield violation(osid, 'a read returned a replaced value', read, newer, ...(write ? [write] : []));
}

/** An acknowledged create is found until a deletion was requested. */
function* checkExistence({ osid, writes }: InstanceHistory, read: InstanceRead, restores: readonly Restore[]) {
  if (read.found) return;
  const create = writes.find(
    ({ verb, outcome, to }) => verb === 'create' && outcome === 'acknowledged' && to < read.from,
  );
  if (create === undefined || mayBeLost(create, read, restores)) return;
  const mayBeDeleted = writes.some(
    ({ verb, outcome, from }) => verb === 'delete' && outcome !== 'refused' && from < read.to,
  );
  if (!mayBeDeleted) yield violation(osid, 'an instance was not found though no deletion was requested', read, create);
}

/** After an acknowledged deletion an instance is being deleted; after the end of its job it is not found. */
function* checkDeletion(
  { osid, writes }: InstanceHistory,
  read: InstanceRead,
  restores: readonly Restore[],
  completed: CompletedJobs,
) {
  if (!read.found) return;
  for (const deletion of writes) {
    if (deletion.verb !== 'delete' || deletion.outcome !== 'acknowledged' || deletion.to > read.from) continue;
    if (mayBeLost(deletion, read, restores)) continue;
    if (read.deleting === false) yield violation(osid, 'a deleted instance was not being deleted', read, deletion);
    const completedAt = completed.get(deletion.jobId)?.to ?? Infinity;
    if (completedAt > read.from || mayBeLost({ from: deletion.from, to: completedAt }, read, restores)) continue;
    yield violation(osid, 'an instance was found after its deletion had completed', read, deletion);
  }
}

function* checkOrder(instance: InstanceHistory, restores: readonly Restore[]): Generator<Violation> {
  const { osid } = instance;
  for (const epoch of byEpoch(readsSinceCreation(instance), restores)) {
    const shown = epoch.flatMap(({ spec, ...read }) => (spec === undefined ? [] : [{ ...read, ...spec }]));
    for (const read of shown.filter(({ generation, observedGeneration }) => observedGeneration > generation)) {
      yield violation(osid, 'the observed generation exceeded the generation', read);
    }
    for (const pair of regressions(shown, ({ generation }) => generation))
      yield violation(osid, 'the generation decreased', ...pair);
    for (const pair of regressions(shown, ({ observedGeneration }) => observedGeneration))
      yield violation(osid, 'the observed generation decreased', ...pair);
    for (const pair of contradictions(
      shown,
      ({ generation }) => generation,
      ({ cpuLimitMc }) => cpuLimitMc,
    ))
      yield violation(osid, 'one generation had two values', ...pair);
    for (const pair of regressions(epoch, stageOf(false), stageOf(true)))
      yield violation(osid, 'an instance went back to an earlier stage of its deletion', ...pair);
  }
}

/** Without the lists that may be older than the instance. */
function readsSinceCreation({ writes, reads }: InstanceHistory): readonly InstanceRead[] {
  const creates = writes.filter(({ verb, outcome }) => verb === 'create' && outcome === 'acknowledged');
  const existed = [...creates, ...reads.filter(({ found }) => found)];
  const createdAt = existed.reduce((earliest, { to }) => Math.min(earliest, to), Infinity);
  return reads.filter(({ found, from }) => found || from > createdAt);
}

/** Present, then being deleted, then not found. */
const stageOf =
  (uncertain: boolean) =>
  ({ found, deleting = uncertain }: InstanceRead): number =>
    found ? Number(deleting) : 2;

const violation = (
  subject: string,
  rule: string,
  ...involved: readonly (Pick<InstanceRead, 'operation'> | InstanceWrite)[]
): Violation => ({ rule, subject, operations: involved.map(({ operation }) => operation) });
