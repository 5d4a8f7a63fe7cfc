import {
  type Informer,
  type InformerOptions,
  type KubeClient,
  type ResourceEventHandler,
  type ResourceSelector,
  startInformer,
} from '@runos/kube-client';
import { isCustomGroup, secretKind } from '@runos/kube-kinds';
import { managedSelector } from '@runos/kube-objects';
import { isSecret } from '../secrets/secret-access.js';
import { customKinds } from './custom-kind-watch.js';
import { type WatchedKind, watchKey } from './watch-failures.js';

/** Kinds whose informers run for all instances. Status reports start after their first list. */
export const commonKinds: readonly WatchedKind[] = [
  { apiVersion: 'v1', kind: 'Namespace' },
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
];

export interface KindInformersOptions extends InformerOptions {
  readonly client: KubeClient;
  readonly handlerFor: (watched: WatchedKind) => ResourceEventHandler;
  /** The kind is not watched any more. */
  readonly onStopped: (watched: WatchedKind) => void;
}

/** One informer per kind, shared by all instances; for Secrets one per namespace, because the agent may read no others. */
export class KindInformers {
  readonly #informers = new Map<string, Informer>();
  /** Informers that have not ended yet. */
  readonly #stopping = new Set<Promise<void>>();
  #isStopped = false;

  constructor(private readonly options: KindInformersOptions) {}

  /** Starts the informers of these kinds for managed objects, unless they run already. Those of Secrets start later. */
  start(kinds: Iterable<Omit<WatchedKind, 'namespace'>>): void {
    for (const { apiVersion, kind } of kinds) {
      if (isSecret({ apiVersion, kind })) continue;
      this.startSelector({ apiVersion, kind, labelSelector: managedSelector });
      if (isCustomGroup(apiVersion)) this.startSelector(customKinds);
    }
  }

  /** Ends the delays after failures of the watches of this API group. Returns false if there are no such watches. */
  retryGroup(group: string): boolean {
    const found = [...this.#informers].filter(([key]) => key.startsWith(`${group}/`));
    for (const [, informer] of found) informer.retryNow();
    return found.length > 0;
  }

  /** Starts the informer for the Secrets of an instance, unless it runs already. */
  startSecrets(osid: string): void {
    this.startSelector({ ...secretsOf(osid), labelSelector: managedSelector });
  }

  stopSecrets(osid: string): void {
    const key = watchKey(secretsOf(osid));
    const informer = this.#informers.get(key);
    if (informer === undefined) return;
    this.#informers.delete(key);
    this.options.onStopped(secretsOf(osid));
    const stopped: Promise<void> = informer.stop().finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
  }

  /** Starts the informer of one kind with its own selector, unless it runs already. */
  startSelector(selector: ResourceSelector, own: InformerOptions = {}): void {
    const { apiVersion, kind, namespace, fieldSelector } = selector;
    const watched = { apiVersion, kind, namespace, fieldSelector };
    const key = watchKey(watched);
    if (this.#isStopped || this.#informers.has(key)) return;
    const { client, handlerFor } = this.options;
    this.#informers.set(key, startInformer(client, selector, handlerFor(watched), { ...this.options, ...own }));
  }

  /** Resolves when all informers started so far have completed their first list. */
  async synced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.synced));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#stopping, ...[...this.#informers.values()].map((informer) => informer.stop())]);
  }
}

const secretsOf = (osid: string) => ({
  apiVersion: secretKind.apiVersion,
  kind: secretKind.kind,
  namespace: osid,
});
