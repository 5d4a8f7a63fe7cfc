import type { ServiceType } from '@runos/catalog-model';
import { Fault } from '@runos/kernel';
import { divergedReason } from '../divergence/foreign-bundle.js';
import { faultOr } from '../revisions/fault-or.js';
import { type UpgradeTarget, upgradeTarget } from '../revisions/upgrade-target.js';

/** What the target of an instance depends on; the instances of a type have few different values of it. */
export interface InstanceGroup extends UpgradeTarget {
  readonly deleting: boolean;
}

/** Why an instance cannot be upgraded: a stable CamelCase word and a sentence. */
export interface Block {
  readonly reason: string;
  readonly message: string;
}

export const deletingBlock: Block = { reason: 'Deleting', message: 'It is being deleted.' };
export const divergedBlock: Block = {
  reason: divergedReason,
  message:
    'The cluster agent stores a revision that this control plane does not know. Decide by accept, then repeat it.',
};
export const refusedBlock = (message: string): Block => ({ reason: 'Refused', message });

/** What an upgrade does with the instances of a group. */
export type GroupPlan =
  | { readonly kind: 'changing'; readonly target: UpgradeTarget }
  | { readonly kind: 'upToDate' }
  | { readonly kind: 'blocked'; readonly block: Block };

/** Plans the upgrade of a group to the newest renderer of this build, and to `version` if it is given. */
export function planGroup(type: ServiceType, group: InstanceGroup, version: string | undefined): GroupPlan {
  const { deleting, ...current } = group;
  if (deleting) return { kind: 'blocked', block: deletingBlock };
  const target = faultOr(() => upgradeTarget(type, current, version));
  if (target instanceof Fault) return { kind: 'blocked', block: refusedBlock(target.message) };
  const isCurrent = target.version === current.version && target.rendererVersion === current.rendererVersion;
  return isCurrent ? { kind: 'upToDate' } : { kind: 'changing', target };
}
