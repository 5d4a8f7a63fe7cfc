import {
  type Informer,
  type InformerOptions,
  type KubeClient,
  type ResourceEventHandler,
  type ResourceSelector,
  startInformer,
} from '@runos/kube-client';
import { kindKey } from '@runos/kube-kinds';
import { managedSelector, type ObjectRef } from '@runos/kube-objects';

type WatchedKind = Pick<ObjectRef, 'apiVersion' | 'kind'>;

/** Kinds whose informers run for all instances. Status reports start after their first list. */
export const commonKinds: readonly WatchedKind[] = [
  { apiVersion: 'v1', kind: 'Namespace' },
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
];

export interface KindInformersOptions extends InformerOptions {
  readonly client: KubeClient;
  readonly handlerFor: (kind: string) => ResourceEventHandler;
}

/** One informer per kind, shared by all instances. */
export class KindInformers {
  readonly #informers = new Map<string, Informer>();
  #stopped = false;

  constructor(private readonly options: KindInformersOptions) {}

  /** Starts informers of these kinds for managed objects, unless they run already. */
  start(kinds: Iterable<WatchedKind>): void {
    for (const { apiVersion, kind } of kinds) {
      this.startSelector({ apiVersion, kind, labelSelector: managedSelector });
    }
  }

  /** Starts the informer of one kind with its own selector, unless it runs already. */
  startSelector(selector: ResourceSelector, own: InformerOptions = {}): void {
    const key = kindKey(selector);
    if (this.#stopped || this.#informers.has(key)) return;
    const { client, handlerFor } = this.options;
    this.#informers.set(key, startInformer(client, selector, handlerFor(key), { ...this.options, ...own }));
  }

  /** Resolves when all informers started so far have completed their first list. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }
}
