import type { APPLY_NODE_TAGS, ReadInputOf, ReplyOf } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import { type Informer, type KubeClient, startInformer } from '@runos/kube-client';
import { type KubeObject, mapAt, refOf, textOf } from '@runos/kube-objects';
import type { Logger } from '@runos/observability';
import { tagPatch } from './tag-labels.js';

interface NodeTagsOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly clock: Clock;
}

const nodes = { apiVersion: 'v1', kind: 'Node' };
const maxProblemLength = 1_024;

/** Keeps the tags of the plane as labels of Kubernetes nodes. It watches nodes from the first instruction on. */
export class NodeTags {
  /** The tags by machine id. */
  #desired: ReadonlyMap<string, readonly string[]> = new Map();
  #informer: Informer | undefined;

  constructor(private readonly options: NodeTagsOptions) {}

  /** One failed node does not keep the others from their tags. @throws KubeError if the nodes cannot be listed */
  async apply({ nodes: machines }: ReadInputOf<typeof APPLY_NODE_TAGS>): Promise<ReplyOf<typeof APPLY_NODE_TAGS>> {
    this.#desired = new Map(machines.map(({ machineId, tags }) => [machineId, tags]));
    const found = new Map<string, KubeObject>();
    for (const node of await this.options.client.list(nodes)) {
      for (const id of namesOf(node)) found.set(id, node);
    }
    this.#informer ??= this.#watch();
    const replies: { machineId: string; problem: string | null }[] = [];
    for (const { machineId, tags } of machines) {
      const node = found.get(machineId);
      const problem =
        node === undefined
          ? `No Kubernetes node has the machine id or the name "${machineId}".`
          : await this.#label(node, tags);
      replies.push({ machineId, problem });
    }
    return { nodes: replies };
  }

  async stop(): Promise<void> {
    await this.#informer?.stop();
  }

  /** Repairs what others change, and labels a node that joins later. */
  #watch(): Informer {
    const { client, clock, logger } = this.options;
    return startInformer(
      client,
      nodes,
      {
        onAddOrUpdate: async (node) => {
          const tags = namesOf(node).map((id) => this.#desired.get(id));
          const desired = tags.find((each) => each !== undefined);
          if (desired !== undefined) await this.#label(node, desired);
        },
        onDelete: () => undefined,
        onWatchError: (err) => logger.warn({ err }, 'nodes cannot be watched, retrying'),
      },
      { clock },
    );
  }

  /** Returns why the node does not have its tags, or null. */
  async #label(node: KubeObject, tags: readonly string[]): Promise<string | null> {
    const labels = tagPatch(node.metadata.labels ?? {}, tags);
    if (labels === undefined) return null;
    const { name } = node.metadata;
    try {
      await this.options.client.mergePatch(refOf(node), { metadata: { labels } });
      this.options.logger.info({ node: name, labels }, 'tags of a node are applied');
      return null;
    } catch (err) {
      this.options.logger.warn({ err, node: name }, 'tags of a node cannot be applied');
      return (err instanceof Error ? err.message : String(err)).slice(0, maxProblemLength);
    }
  }
}

/** How a machine is known: by its machine id, or by the name of its node if the agent of the machine was given that. */
function namesOf(node: KubeObject): string[] {
  const machineId = textOf(mapAt(node, 'status', 'nodeInfo')['machineID']);
  return [machineId ?? '', node.metadata.name].filter((name) => name !== '');
}
