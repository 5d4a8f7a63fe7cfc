import {
  type ResourceSelector,
  type KubeClient,
  startInformer,
  type Informer,
  type ResourceEventHandler,
  type InformerOptions,
} from '@runos/kube-client';
import { groupOf, managedSelector, type ObjectRef } from '@runos/kube-objects';

export interface KindWatchesOptions extends InformerOptions {
  readonly client: KubeClient;
  readonly handlerFor: (kind: string) => ResourceEventHandler;
}

/** One watch per kind that is needed, whatever the number of instances. */
export class KindWatches {
  readonly #watches = new Map<string, Informer>();
  #stopped = false;

  constructor(private readonly options: KindWatchesOptions) {}

  /** Watches what we apply of these kinds, if that is not so yet. */
  need(refs: Iterable<Pick<ObjectRef, 'apiVersion' | 'kind'>>): void {
    for (const { apiVersion, kind } of refs) this.#start({ apiVersion, kind, labelSelector: managedSelector });
  }

  /** Watches a selection of its own. */
  needSelection(selection: ResourceSelector, options: InformerOptions = {}): void {
    this.#start(selection, options);
  }

  /** Resolves when every watch begun so far has listed everything once. */
  async synced(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((handle) => handle.synced));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#watches.values()].map((handle) => handle.stop()));
  }

  #start(selection: ResourceSelector, own: InformerOptions = {}): void {
    const key = kindKey(selection);
    if (this.#stopped || this.#watches.has(key)) return;
    const { client, handlerFor } = this.options;
    this.#watches.set(key, startInformer(client, selection, handlerFor(key), { ...this.options, ...own }));
  }
}

/** The same for all versions of a group. */
export const kindKey = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): string =>
  `${groupOf(apiVersion)}/${kind}`;
