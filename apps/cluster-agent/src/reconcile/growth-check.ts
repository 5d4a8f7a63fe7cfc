import { isForbidden, isInvalid, type KubeClient } from '@runos/kube-client';
import { sentence } from '@runos/kube-kinds';
import type { Instance } from '../instances/instance.js';
import type { UnrequestedGrowth } from '../instances/claim-sizes.js';

/**
 * Finds out why a claim does not request the desired storage, by a dry run of that request. Operators only log the
 * refusal of a claim whose StorageClass does not allow expansion.
 */
export class GrowthCheck {
  constructor(private readonly client: KubeClient) {}

  async run({ claimSizes }: Instance, signal: AbortSignal): Promise<void> {
    for (const growth of claimSizes.unrequested) {
      claimSizes.recordRefusal(growth, await this.#refusalOf(growth, signal));
    }
    claimSizes.recordCheck();
  }

  /** The words of the API server; undefined if it would accept the request, or does not answer. */
  async #refusalOf({ ref, storage }: UnrequestedGrowth, signal: AbortSignal): Promise<string | undefined> {
    const patch = { spec: { resources: { requests: { storage: String(storage) } } } };
    try {
      await this.client.mergePatch(ref, patch, { dryRun: true, signal });
      return undefined;
    } catch (thrown) {
      // Without the right to this request, which older manifests lack, nothing is known.
      const isAnswer = (isForbidden(thrown) || isInvalid(thrown)) && !/ cannot patch resource /.test(thrown.message);
      return isAnswer ? sentence(thrown.message) : undefined;
    }
  }
}
