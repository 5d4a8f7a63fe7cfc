import { isAlreadyExists, isNotFound, type KubeClient } from '@runos/kube-client';
import type { Instance } from '../instances/instance.js';
import { bundleLabel, type BundleRecord, bundleSecretName, fromSecret, toSecret } from './bundle-record.js';

/** Field manager of the agent's own objects. Objects of instances have another one. */
export const agentManager = 'runos-cluster-agent';

/** Stores the record of each instance in one Secret of the agent's namespace. */
export class BundleStore {
  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
  ) {}

  /** All stored records, page by page. Unreadable Secrets are passed to `onUnreadable` and not touched. */
  async *load(onUnreadable: (name: string, cause: unknown) => void): AsyncGenerator<BundleRecord> {
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
          onUnreadable(secret.metadata.name, cause);
        }
      }
    }
  }

  /**
   * Replaces the whole Secret, which has no other manager: that costs the API server half of an apply.
   * `first`: the Secret probably does not exist.
   */
  async save(record: BundleRecord, first: boolean, signal?: AbortSignal): Promise<void> {
    const secret = toSecret(record, this.namespace);
    const options = { fieldManager: agentManager, signal };
    try {
      await (first ? this.client.create(secret, options) : this.client.replace(secret, options));
    } catch (thrown) {
      if (first && isAlreadyExists(thrown)) await this.client.replace(secret, options);
      else if (!first && isNotFound(thrown)) await this.client.create(secret, options);
      else throw thrown;
    }
  }

  async delete(osid: string): Promise<void> {
    await this.client.delete({
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: this.namespace,
      name: bundleSecretName(osid),
    });
  }
}

/** The only writer of records. A record is stored before it counts, and one write per instance runs at a time. */
export class RecordWriter {
  constructor(private readonly store: BundleStore) {}

  /** `change` receives the record with the newest observed state and returns the one to store, or undefined for none. */
  update(
    instance: Instance,
    change: (current: BundleRecord) => BundleRecord | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    return instance.exclusive(async () => {
      const current = { ...instance.record, inventory: instance.inventory(), checkpoint: instance.checkpoint() };
      const next = change(current);
      if (next === undefined) return;
      instance.startCheckpoint();
      try {
        await this.store.save(next, instance.record.revision === 0, signal);
      } catch (thrown) {
        instance.markCheckpointDue();
        throw thrown;
      }
      instance.recordStored(next);
    });
  }

  /** Stores the checkpoint if it has changed. */
  async writeCheckpoint(instance: Instance, signal?: AbortSignal): Promise<void> {
    if (instance.checkpointDue) await this.update(instance, (current) => current, signal);
  }

  delete(instance: Instance): Promise<void> {
    return instance.exclusive(() => this.store.delete(instance.osid));
  }
}
