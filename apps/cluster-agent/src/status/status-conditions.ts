import { claimKind, worstFirst as worstHealthFirst } from '@runos/kube-kinds';
import { printRef } from '@runos/kube-objects';
import { commonKinds } from '../informers/kind-informers.js';
import { failureReason, type WatchFailures } from '../informers/watch-failures.js';
import type { Conflict, Dependent } from '../instances/instance-facts.js';
import type { Instance } from '../instances/instance.js';
import { notBlocked } from '../instances/removal-state.js';
import { volumeKind } from '../removal/volumes.js';
import { worstFirst } from './object-order.js';
import type { ObjectStatus, Status } from './plane-client.js';
import { isPrunePending, refusedPrunes } from './prune-status.js';

type Condition = Status['conditions'][number];

const condition = (type: string, status: Condition['status'], reason: string, message = ''): Condition => ({
  type,
  status,
  reason,
  message: message.slice(0, 4_096),
});

interface StatusFacts {
  readonly phase: Status['phase'];
  readonly objects: readonly ObjectStatus[];
  /** What the agent cannot observe. */
  readonly failures: WatchFailures;
}

/** Always the same condition types, so that a receiver that stores them by type never keeps a stale one. */
export function conditionsOf(instance: Instance, { phase, objects, failures }: StatusFacts): Condition[] {
  const orphaned = instance.isOrphaned
    ? [
        condition(
          'Orphaned',
          'True',
          'NotInControlPlane',
          'The plane does not know this instance. The agent keeps it until it is deleted.',
        ),
      ]
    : [];
  if (instance.record.removing) return [removed(instance, failures), ...orphaned];
  return [
    applied(instance),
    ready(phase, objects),
    drifted(instance),
    blocked(instance),
    dataAtRisk(instance, failures),
    storageResized(instance),
    dataLost(instance),
    observed(instance, failures),
    ...orphaned,
  ];
}

function removed({ removal }: Instance, failures: WatchFailures): Condition {
  const retained = removal?.retainedVolumes ?? [];
  const volumes =
    retained.length > 0
      ? `The cluster retains the volumes ${retained.join(', ')}: delete them if you do not need them.`
      : '';
  if (removal?.isDone) return condition('Removed', 'True', 'Gone', volumes);
  const unlisted = failures.find(volumeKind);
  if (unlisted?.verb === 'list') return condition('Removed', 'False', failureReason(unlisted), unlisted.message);
  const { reason, message } = removal?.blocked ?? notBlocked;
  return condition('Removed', 'False', reason, `${message} ${volumes}`.trim());
}

function applied(instance: Instance): Condition {
  const states = [...instance.objects.values()];
  const open = states.filter(({ isApplied }) => !isApplied);
  const [refused] = refusedPrunes(instance);
  if (open.length === 0 && !instance.isOutdated) {
    if (refused !== undefined) return condition('Applied', 'False', 'DeletionRefused', refused.message);
    return isPrunePending(instance)
      ? condition('Applied', 'False', 'Pruning')
      : condition('Applied', 'True', 'Applied');
  }
  const problem = open.find((state) => state.problem)?.problem;
  if (problem) return condition('Applied', 'False', problem.reason, problem.message);
  const count = `${states.length - open.length} of ${states.length} objects applied.`;
  return condition('Applied', 'False', 'Applying', count);
}

function ready(phase: Status['phase'], objects: readonly ObjectStatus[]): Condition {
  if (phase === 'ready') return condition('Ready', 'True', 'Ready');
  const worst = worstFirst(objects).find(({ state, message }) => state !== 'ready' && message !== undefined);
  return condition('Ready', 'False', worst?.reason ?? 'Applying', worst?.message ?? '');
}

function blocked({ objects }: Instance): Condition {
  const problem = [...objects.values()].find((state) => state.problem?.blocked)?.problem;
  return problem
    ? condition('Blocked', 'True', problem.reason, problem.message)
    : condition('Blocked', 'False', 'NothingBlocked');
}

/** The deletion of a whole namespace is reported as such. */
export const dataRisksOf = ({ dataRisks, isNamespaceTerminating }: Instance): Dependent[] =>
  isNamespaceTerminating ? [] : dataRisks.list();

/** While it is true, the control plane refuses changes that would replace pods. */
function dataAtRisk(instance: Instance, failures: WatchFailures): Condition {
  const risks = dataRisksOf(instance);
  const [first] = risks;
  const [unlisted] = failures.of([claimKind]);
  if (first === undefined && unlisted !== undefined)
    return condition('DataAtRisk', 'Unknown', failureReason(unlisted), unlisted.message);
  if (first === undefined) return condition('DataAtRisk', 'False', 'NothingAtRisk');
  return condition('DataAtRisk', 'True', first.health.reason, risks.map(({ health }) => health.message).join(' '));
}

/** A volume that is smaller than what its claim requests or the bundle desires; the worst comes first. */
function storageResized({ claimSizes: { problems } }: Instance): Condition {
  const [first] = [...problems].sort((a, b) => worstHealthFirst(a.health, b.health));
  if (first === undefined) return condition('StorageResized', 'True', 'Resized');
  const message = problems.map(({ health }) => health.message).join(' ');
  return condition('StorageResized', 'False', first.health.reason, message);
}

const dataLost = ({ losses: { message } }: Instance): Condition =>
  message === undefined
    ? condition('DataLost', 'False', 'NothingLost')
    : condition('DataLost', 'True', 'Recreated', message);

/** Without a list of these kinds, the agent sees neither the end of a rollout nor foreign changes. */
function observed({ objects }: Instance, failures: WatchFailures): Condition {
  const kinds = [...commonKinds, ...[...objects.values()].map(({ ref }) => ref)];
  const failed = failures.of(kinds);
  const [first] = failed;
  if (first === undefined) return condition('Observed', 'True', 'Observed');
  return condition('Observed', 'False', failureReason(first), failed.map(({ message }) => message).join(' '));
}

function drifted({ driftLog: { conflicts }, objects }: Instance): Condition {
  if (conflicts.size > 0) {
    const managers = [...conflicts.values()].map(describeConflict).join('; ');
    const message = `${managers}: repairs are delayed. Stop that manager, or change the drift policy to report.`;
    return condition('Drifted', 'True', 'Contested', message);
  }
  const reported = [...objects.values()].flatMap(({ ref, reported: { fields } }) =>
    fields ? [fields.length > 0 ? `${fields.join(', ')} of ${printRef(ref)}` : printRef(ref)] : [],
  );
  if (reported.length === 0) return condition('Drifted', 'False', 'NoDrift');
  const message = `Changed by another field manager and not repaired, because the drift policy is report: ${reported.join('; ')}.`;
  return condition('Drifted', 'True', 'Reported', message);
}

function describeConflict({ ref, manager, fields }: Conflict): string {
  const change = fields.length > 0 ? `changing ${fields.join(', ')} of` : 'deleting';
  return `${manager ?? 'An unknown manager'} keeps ${change} ${printRef(ref)}`;
}
