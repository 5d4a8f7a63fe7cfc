import type { ServiceType } from '@runos/catalog-model';
import { Fault } from '@runos/kernel';
import type { PinnedConfig } from '../revisions/desired-spec.js';
import { faultOr } from '../revisions/fault-or.js';
import {
  type Block,
  type BlockingState,
  refusedBlock,
  settingsBlock,
  stateBlock,
} from '../revisions/upgrade-blocks.js';
import { type UpgradeTarget, upgradeTarget } from '../revisions/upgrade-target.js';

/** What the target of an instance depends on; the instances of a type have few different values of it. */
export interface InstanceGroup extends UpgradeTarget, BlockingState {
  readonly config: PinnedConfig | null;
}

/** What an upgrade does with the instances of a group. */
export type GroupPlan =
  | { readonly kind: 'changing'; readonly target: UpgradeTarget }
  | { readonly kind: 'upToDate' }
  | { readonly kind: 'blocked'; readonly block: Block };

/**
 * Plans the upgrade of a group to the newest renderer of this build, and to `version` if it is given. Data at risk may
 * still block instances that change.
 */
export function planGroup(type: ServiceType, group: InstanceGroup, version: string | undefined): GroupPlan {
  const { deleting, diverged, config, ...current } = group;
  const block = stateBlock({ deleting, diverged });
  if (block !== undefined) return { kind: 'blocked', block };
  const target = faultOr(() => upgradeTarget(type, current, version));
  if (target instanceof Fault) return { kind: 'blocked', block: refusedBlock(target.message) };
  const isCurrent = target.version === current.version && target.rendererVersion === current.rendererVersion;
  if (isCurrent) return { kind: 'upToDate' };
  const unfit = settingsBlock(type.type, { ...current, config }, { ...target, config });
  return unfit === undefined ? { kind: 'changing', target } : { kind: 'blocked', block: unfit };
}
