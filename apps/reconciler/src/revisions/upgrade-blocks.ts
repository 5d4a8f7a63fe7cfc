import { Injectable } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { type Configured, refuseUnfitVersion } from '../configuration/config-checks.js';
import { divergedReason } from '../divergence/foreign-bundle.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { dataAtRisk, DataLossGuard } from './data-loss-guard.js';
import { acceptedServiceSpec, type ServiceSpec } from './desired-spec.js';
import { faultOr } from './fault-or.js';

/** Why an instance cannot be upgraded: a stable CamelCase word and a sentence. */
export interface Block {
  readonly reason: string;
  readonly message: string;
}

/** What blocks every upgrade of an instance. */
export interface BlockingState {
  readonly deleting: boolean;
  /** Its agent stores a bundle that the plane does not know. */
  readonly diverged: boolean;
}

const deletingBlock: Block = { reason: 'Deleting', message: 'It is being deleted.' };
const divergedBlock: Block = {
  reason: divergedReason,
  message:
    'The cluster agent stores a revision that this control plane does not know. Decide by accept, then repeat it.',
};
const unreadableBlock: Block = {
  reason: 'SecretsUnreadable',
  message: 'Its secrets cannot be decrypted. Add the key that sealed them to the keyring of the control plane.',
};
export const refusedBlock = (message: string): Block => ({ reason: 'Refused', message });

/** Why the instance takes no upgrade at all; undefined when it takes some. */
export function stateBlock({ deleting, diverged }: BlockingState): Block | undefined {
  if (deleting) return deletingBlock;
  return diverged ? divergedBlock : undefined;
}

/** Why a server of the new version does not start with the settings that stay; undefined when it does. */
export function settingsBlock(type: string, current: Configured, spec: Configured): Block | undefined {
  const refusal = faultOr(() => refuseUnfitVersion(type, current, spec));
  return refusal instanceof Fault ? { reason: 'SettingsInvalid', message: refusal.message } : undefined;
}

export const blockingStateOf = ({ deleting, diverged }: Pick<InstanceRow, 'deleting' | 'diverged'>): BlockingState => ({
  deleting,
  diverged: diverged !== null,
});

/** What blocks the upgrade of an instance: the one rule of its plans and its run, so that they agree. */
@Injectable()
export class UpgradeBlocks {
  constructor(
    private readonly dataLoss: DataLossGuard,
    private readonly secrets: InstanceSecrets,
  ) {}

  /** Why the instance is not upgraded to `spec`, which changes it; undefined when nothing blocks that. */
  of(instance: InstanceRow, spec: ServiceSpec): Block | undefined {
    return (
      stateBlock(blockingStateOf(instance)) ??
      settingsBlock(instance.type, acceptedServiceSpec(instance), spec) ??
      this.#ofSecrets(instance) ??
      this.#ofDataLoss(instance, spec)
    );
  }

  /** No objects are rendered without the secrets, for example after the removal of their key. */
  #ofSecrets(instance: InstanceRow): Block | undefined {
    try {
      this.secrets.unseal(instance);
      return undefined;
    } catch {
      return unreadableBlock;
    }
  }

  #ofDataLoss(instance: InstanceRow, spec: ServiceSpec): Block | undefined {
    const loss = faultOr(() => this.dataLoss.refuseChange(instance, spec));
    return loss instanceof Fault ? { reason: dataAtRisk, message: loss.message } : undefined;
  }
}
