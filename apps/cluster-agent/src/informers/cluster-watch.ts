import type { AgentProblem } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import type { InformerOptions, KubeClient } from '@runos/kube-client';
import { groupOf } from '@runos/kube-objects';
import type { Logger } from '@runos/observability';
import { type MissingRight, MissingRights } from '../access/missing-rights.js';
import type { InstanceIndex } from '../instances/instance-index.js';
import { volumeKind } from '../removal/volumes.js';
import { CustomKindWatch } from './custom-kind-watch.js';
import { eventInformer, eventSelectors } from './dependent-event-handler.js';
import { commonKinds, KindInformers } from './kind-informers.js';
import { KindObserver } from './kind-observer.js';
import type { ObjectEventHandler } from './object-event-handler.js';
import type { WatchFailures } from './watch-failures.js';

export interface ClusterWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Namespace of the agent. */
  readonly namespace: string;
  readonly informers?: InformerOptions;
  readonly instances: InstanceIndex;
  readonly handler: ObjectEventHandler;
  readonly failures: WatchFailures;
  /** Each common kind is listed, or its list is refused. */
  onCommonKindsListed(): void;
  /** The watch of a kind fails, or works again. */
  onFailuresChanged(): void;
  /** The kinds of this API group may have changed. */
  onGroupChanged(group: string): void;
  onRightRestored(right: MissingRight): void;
}

/** What the agent sees of its cluster: the watches of all kinds, and what keeps them, or other requests, from working. */
export class ClusterWatch {
  readonly informers: KindInformers;
  readonly #observer: KindObserver;
  readonly #definitions: CustomKindWatch;
  readonly #rights: MissingRights;

  constructor(private readonly options: ClusterWatchOptions) {
    const { client, clock, failures, instances } = options;
    this.#definitions = new CustomKindWatch(clock, (group) => this.#onGroupChanged(group));
    this.#observer = new KindObserver({
      ...options,
      onDefinition: (definition) => this.#definitions.onDefinition(definition),
      onCommonKindsListed: () => options.onCommonKindsListed(),
      onFailuresChanged: () => options.onFailuresChanged(),
    });
    this.informers = new KindInformers({
      client,
      clock,
      ...options.informers,
      handlerFor: (watched) => this.#observer.handlerFor(watched),
      onStopped: (watched) => void failures.clear(watched),
    });
    this.#rights = new MissingRights({
      ...options,
      isNeededIn: (namespace) => namespace === options.namespace || instances.get(namespace) !== undefined,
      onRestored: (right) => this.#onRestored(right),
    });
    client.observeRefusals((target, refusal) => this.#rights.record(target, refusal));
  }

  /** What keeps the agent from its work in the whole cluster: missing rights, then watches that fail. */
  get problems(): AgentProblem[] {
    const failed = this.options.failures.list().map(({ verb, apiVersion, kind, message }) => {
      return { verb, apiVersion, kind, message: `${message}. The cluster agent retries it.` };
    });
    const missing = this.#rights
      .list()
      .map(({ verb, apiVersion, kind, message }) => ({ verb, apiVersion, kind, message }));
    const isMissing = ({ verb, kind }: AgentProblem) =>
      missing.some((right) => right.verb === verb && right.kind === kind);
    return [...missing, ...failed.filter((watch) => !isMissing(watch))];
  }

  /** The kinds of which the agent has no complete list yet. */
  get unlistedKinds(): readonly string[] {
    return this.#observer.unlistedKinds;
  }

  start(): void {
    this.informers.start(commonKinds);
    this.informers.startSelector(volumeKind);
    for (const selector of eventSelectors) this.informers.startSelector(selector, eventInformer);
  }

  async stop(): Promise<void> {
    this.#definitions.stop();
    await Promise.all([this.informers.stop(), this.#rights.stop()]);
  }

  #onGroupChanged(group: string): void {
    if (!this.informers.retryGroup(group)) return;
    this.options.client.mapper.forgetGroup(group);
    this.options.onGroupChanged(group);
  }

  #onRestored(right: MissingRight): void {
    this.informers.retryGroup(groupOf(right.apiVersion));
    this.options.onRightRestored(right);
  }
}
