import type { KubeClient } from '@runos/kube-client';
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

  async save(record: BundleRecord, signal?: AbortSignal): Promise<void> {
    await this.client.apply(toSecret(record, this.namespace), { fieldManager: agentManager, signal });
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
