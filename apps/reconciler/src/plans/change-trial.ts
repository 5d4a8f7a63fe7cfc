import { Injectable } from '@nestjs/common';
import type { PlannedObject } from '@runos/api';
import { invalidInput } from '@runos/kernel';
import { canonicalJson } from '@runos/kube-objects';
import { acceptedSpec, type DesiredSpec } from '../revisions/desired-spec.js';
import type { UntriedChange } from '../revisions/untried-changes.js';
import { desiredChanges } from './desired-changes.js';
import { PlannedChange } from './planned-change.js';

/** Only the cluster knows which fields of an object it can change in place, and what its admission refuses. */
@Injectable()
export class ChangeTrial {
  constructor(private readonly planned: PlannedChange) {}

  /**
   * Lets the cluster try a change that is not written. A cluster that does not answer refuses nothing; then the result is
   * a warning with the reason why the change was not tried.
   * @throws Fault `override.invalid` for an object that the change makes unacceptable, or that an override would replace
   */
  async run({ instance, next }: UntriedChange): Promise<string | undefined> {
    const { source, message, objects } = await this.planned.tryOnCluster(instance, next);
    if (source !== 'cluster') return untried(message ?? '');
    const isOfOverride = isOtherOverride(acceptedSpec(instance), next.spec);
    const untaken = objects.filter(({ action }) => action === 'refused' || (action === 'replaced' && isOfOverride));
    if (untaken.length === 0) return undefined;
    const { before, after } = this.planned.render(instance, next);
    // An object that was refused before the change is no reason to refuse it.
    const changed = new Set(desiredChanges(before, after).map(keyOf));
    const issues = untaken
      .filter((object) => changed.has(keyOf(object)))
      .map((object) => ({ path: isOfOverride ? 'data' : 'overrides', message: describe(object) }));
    if (issues.length > 0) throw invalidInput('override.invalid', issues);
    return undefined;
  }
}

const untried = (reason: string): string =>
  `The change was not tried on the cluster. ${reason} It is tried when it is applied; the job shows what the cluster refuses.`;

const isOtherOverride = (before: DesiredSpec, after: DesiredSpec): boolean =>
  canonicalJson(before.overrides ?? null) !== canonicalJson(after.overrides ?? null);

const keyOf = ({ apiVersion, kind, namespace, name }: PlannedObject): string =>
  [apiVersion, kind, namespace, name].join(' ');

function describe({ action, kind, name, message, changes }: PlannedObject): string {
  if (action === 'refused') return `${kind} ${name}: ${message ?? 'is refused'}`;
  // A cluster may name no field; then its message is all that is known.
  const [fields, words] =
    changes.length > 0
      ? [`${changes.map(({ field }) => field).join(', ')} of `, '']
      : ['', message === null ? '' : ` (${message})`];
  return `Kubernetes cannot change ${fields}${kind} ${name} in place${words}; leave this as it is`;
}
