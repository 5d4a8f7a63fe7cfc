import type { KubeClient } from '@runos/kube-client';
import type { KubeObject } from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import { FencedSecrets, fencingTokenOf } from '../leadership/fenced-secrets.js';
import type { LeaseTerm } from '../leadership/lease-term.js';
import { bundleLabel, type BundleRecord, bundleSecretName, fromSecret, toSecret } from './bundle-record.js';

/** What a complete load of the stored bundles has found. */
export interface StoredBundles {
  /** resourceVersion of the list. */
  readonly resourceVersion: string;
  /** The highest fencing token of a writer. */
  readonly highestToken: number;
}

export interface LoadHandler {
  onRecord(record: BundleRecord): void;
  /** The Secret is not touched. */
  onUnreadable(secret: string, cause: unknown): void;
}

/** Stores the record of each instance in one Secret of the agent's namespace. */
export class BundleStore {
  readonly #secrets: FencedSecrets;

  constructor(
    private readonly client: KubeClient,
    private readonly namespace: string,
    term: LeaseTerm,
  ) {
    this.#secrets = new FencedSecrets(client, namespace, term);
  }

  /** Reads all stored records, page by page. Those that a deposed agent has brought back are deleted. */
  async load({ onRecord, onUnreadable }: LoadHandler): Promise<StoredBundles> {
    const selection = {
      apiVersion: 'v1',
      kind: 'Secret',
      namespace: this.namespace,
      labelSelector: `${bundleLabel.name}=${bundleLabel.value}`,
    };
    let found: StoredBundles = { resourceVersion: '', highestToken: 0 };
    for await (const { items, resourceVersion } of this.client.pages(selection, { pageSize: 50 })) {
      const tokens = items.map(fencingTokenOf);
      found = { resourceVersion, highestToken: Math.max(found.highestToken, ...tokens) };
      for (const secret of items) {
        this.#secrets.recordRead(secret);
        if (this.#secrets.isLateCreate(secret)) await this.#secrets.delete(secret.metadata.name);
        else readRecord(secret, onRecord, onUnreadable);
      }
    }
    return found;
  }

  /** `isNew`: the record was never stored. */
  save(record: BundleRecord, isNew: boolean, signal?: AbortSignal): Promise<void> {
    const isNewer = (stored: KubeObject) => revisionOf(stored) > record.revision;
    return this.#secrets.save(toSecret(record, this.namespace), { isNew, isNewer, signal });
  }

  delete(osid: string): Promise<void> {
    return this.#secrets.delete(bundleSecretName(osid));
  }
}

function readRecord(secret: KubeObject, onRecord: LoadHandler['onRecord'], onUnreadable: LoadHandler['onUnreadable']) {
  let record: BundleRecord;
  try {
    record = fromSecret(secret);
  } catch (cause) {
    return onUnreadable(secret.metadata.name, cause);
  }
  onRecord(record);
}

/** The stored revision; 0 if the Secret is unreadable. */
function revisionOf(secret: KubeObject): number {
  try {
    return fromSecret(secret).revision;
  } catch {
    return 0; // damaged by a person: the known record replaces it
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
        instance.markCheckpointStale();
        throw thrown;
      }
      instance.recordStored(next);
    });
  }

  /** Stores the checkpoint if it has changed. */
  async writeCheckpoint(instance: Instance, signal?: AbortSignal): Promise<void> {
    if (instance.isCheckpointStale) await this.update(instance, (current) => current, signal);
  }

  delete(instance: Instance): Promise<void> {
    return instance.exclusive(() => this.store.delete(instance.osid));
  }
}
