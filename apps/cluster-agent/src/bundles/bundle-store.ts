import { isConflict, isNotFound, type KubeClient } from '@runos/kube-client';
import { bundleLabel, type BundleRecord, bundleSecretName, fromSecret, toSecret } from './bundle-record.js';

/** Field manager of the agent's own objects; what it applies for others has another. */
export const agentManager = 'runos-cluster-agent';

/** Keeps each instance's record in one Secret of the agent's own namespace. */
export class BundleStore {
  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
  ) {}

  /** Everything kept, page by page; `damaged` hears of Secrets that cannot be read, and they stay where they are. */
  async *load(damaged: (name: string, cause: unknown) => void): AsyncGenerator<BundleRecord> {
    const selection = {
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: this.namespace,
      labelSelector: `${bundleLabel.name}=${bundleLabel.value}`,
    };
    for await (const { items } of this.client.pages(selection, { pageSize: 50 })) {
      for (const secret of items) {
        try {
          yield fromSecret(secret);
        } catch (cause) {
          damaged(secret.metadata.name, cause);
        }
      }
    }
  }

  /**
   * The Secret is nobody else's, so it is put as a whole: that costs the API server half of what an apply does.
   * `first`: nothing is believed to be stored yet.
   */
  async save(record: BundleRecord, first: boolean, signal?: AbortSignal): Promise<void> {
    const secret = toSecret(record, this.namespace);
    const options = { fieldManager: agentManager, signal };
    try {
      await (first ? this.client.create(secret, options) : this.client.replace(secret, options));
    } catch (thrown) {
      if (first && isConflict(thrown)) await this.client.replace(secret, options);
      else if (!first && isNotFound(thrown)) await this.client.create(secret, options);
      else throw thrown;
    }
  }

  async remove(osid: string): Promise<void> {
    await this.client.delete({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: this.namespace,
      name: bundleSecretName(osid),
    });
  }
}
