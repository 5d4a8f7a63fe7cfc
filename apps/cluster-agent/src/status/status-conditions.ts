import { printRef } from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import { isApplied } from '../instances/object-state.js';
import type { ObjectLine, Status } from './status.js';

type Condition = Status['conditions'][number];

const condition = (type: string, status: Condition['status'], reason: string, message = ''): Condition => ({
  type,
  status,
  reason,
  message: message.slice(0, 4_096),
});

/** Always the same ones, so that whoever keeps them by type never keeps a stale one. */
export function conditionsOf(instance: Instance, phase: Status['phase'], lines: readonly ObjectLine[]): Condition[] {
  const orphan = instance.orphaned
    ? [
        condition(
          'Orphaned',
          'True',
          'UnknownToThePlane',
          'The plane does not know it; it is kept until it is deleted.',
        ),
      ]
    : [];
  if (instance.record.removing) return [removed(instance), ...orphan];
  return [applied(instance), ready(phase, lines), drifted(instance), blocked(instance), dataLost(instance), ...orphan];
}

function removed({ removal }: Instance): Condition {
  const kept = removal?.keptVolumes ?? [];
  const volumes = kept.length > 0 ? ` The cluster keeps the volumes ${kept.join(', ')}: delete them if unwanted.` : '';
  if (removal?.done) return condition('Removed', 'True', 'Gone', volumes.trim());
  return condition('Removed', 'False', removal?.reason ?? 'Deleting', `${removal?.message ?? ''}${volumes}`.trim());
}

function applied(instance: Instance): Condition {
  const states = [...instance.objects.values()];
  const open = states.filter((state) => !isApplied(state));
  if (open.length === 0 && instance.adopted === instance.record.revision)
    return condition('Applied', 'True', 'Applied');
  const problem = open.find((state) => state.problem)?.problem;
  if (problem) return condition('Applied', 'False', problem.reason, problem.message);
  return condition(
    'Applied',
    'False',
    'Applying',
    `${states.length - open.length} of ${states.length} objects applied.`,
  );
}

function ready(phase: Status['phase'], lines: readonly ObjectLine[]): Condition {
  if (phase === 'ready') return condition('Ready', 'True', 'Ready');
  const worst = ['failed', 'degraded', 'deleting', 'pending', 'applied']
    .flatMap((state) => lines.filter((one) => one.state === state))
    .find(({ message }) => message !== undefined);
  return condition('Ready', 'False', worst?.reason ?? 'Applying', worst?.message ?? '');
}

function blocked({ objects }: Instance): Condition {
  const problem = [...objects.values()].find((state) => state.problem?.blocked)?.problem;
  return problem
    ? condition('Blocked', 'True', problem.reason, problem.message)
    : condition('Blocked', 'False', 'NothingBlocked');
}

const dataLost = ({ dataLost: message }: Instance): Condition =>
  message === undefined
    ? condition('DataLost', 'False', 'NothingLost')
    : condition('DataLost', 'True', 'Recreated', message);

function drifted({ contests, objects }: Instance): Condition {
  const fights = [...contests.values()].map(
    ({ ref, manager, fields }) =>
      `${manager ?? 'Somebody Kubernetes does not name'} keeps ${fields.length > 0 ? `changing ${fields.join(', ')} of` : 'deleting'} ${printRef(ref)}`,
  );
  if (fights.length > 0) {
    const message = `${fights.join('; ')}: repairs come ever later. Stop that manager, or let drift only be reported.`;
    return condition('Drifted', 'True', 'Contested', message);
  }
  const changed = [...objects.values()].flatMap(({ ref, deviation }) =>
    deviation ? [deviation.length > 0 ? `${deviation.join(', ')} of ${printRef(ref)}` : printRef(ref)] : [],
  );
  return changed.length > 0
    ? condition(
        'Drifted',
        'True',
        'Reported',
        `Changed by others, and left so by the drift policy: ${changed.join('; ')}.`,
      )
    : condition('Drifted', 'False', 'AsWanted');
}
