import type { AgentProblem } from '@runos/agent-protocol';
import type { Clock } from '@runos/kernel';
import { type KubeClient, KubeError, type RequestTarget } from '@runos/kube-client';
import { groupOf, type KubeObject, mapAt } from '@runos/kube-objects';
import type { Logger } from '@runos/observability';

export interface MissingRightsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** False for the namespace of a removed instance: no right in it is needed any more. */
  isNeededIn(namespace: string): boolean;
  /** The API server allows it again. */
  onRestored(right: MissingRight): void;
}

/** A request that RBAC does not allow the agent. Without a namespace, it is missing in the whole cluster. */
export interface MissingRight extends AgentProblem {
  /** The plural, or `<plural>/<subresource>`. */
  readonly resource: string;
  readonly namespace?: string;
}

/** Each missing right is one request per check. */
const checkIntervalMs = 5_000;

/** Without it, the Secrets of an instance are refused, and that is recorded. */
const optionalResources: ReadonlySet<string> = new Set(['rolebindings']);

/** The missing right that this refusal names. Undefined if RBAC was not the reason. */
export function missingRightOf({ apiVersion, kind }: RequestTarget, refusal: KubeError): MissingRight | undefined {
  // The words of RBAC, not those of an admission policy, a quota or a terminating namespace.
  const verb = textBetween(refusal.message, '" cannot ', ' resource "');
  const resource = textBetween(refusal.message, ' resource "', '"');
  const namespace = textBetween(refusal.message, ' in the namespace "', '"');
  if (verb === undefined || resource === undefined || optionalResources.has(resource)) return undefined;
  const remedy = "Apply the manifests of this agent's version again.";
  const message = `The cluster agent may not ${verb} ${kind}: ${refusal.message}. ${remedy}`;
  return { verb, apiVersion, kind, message, resource, ...(namespace === undefined ? {} : { namespace }) };
}

/** The text between two markers; undefined if one of them is missing. */
function textBetween(text: string, before: string, after: string): string | undefined {
  const start = text.indexOf(before) + before.length;
  const end = text.indexOf(after, start);
  return start < before.length || end < 0 ? undefined : text.slice(start, end);
}

/**
 * The rights that the API server has refused to the agent. It checks from time to time whether each is allowed now,
 * because nothing else reports that.
 */
export class MissingRights {
  readonly #rights = new Map<string, MissingRight>();
  readonly #stopping = new AbortController();
  #checking: Promise<void> | undefined;

  constructor(private readonly options: MissingRightsOptions) {}

  list(): MissingRight[] {
    return [...this.#rights.values()];
  }

  record(target: RequestTarget, refusal: KubeError): void {
    const right = missingRightOf(target, refusal);
    if (right === undefined || this.#stopping.signal.aborted) return;
    const key = keyOf(right);
    const isNew = !this.#rights.has(key);
    this.#rights.set(key, right);
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    if (isNew) this.options.logger.warn({ refusal: right.message }, 'a right is missing');
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#checking;
  }

  /** Ends when no right is missing any more. */
  async #check(): Promise<void> {
    const { signal } = this.#stopping;
    while (this.#rights.size > 0) {
      await this.options.clock.sleep(checkIntervalMs, signal);
      if (signal.aborted) return;
      const restored = await Promise.all(
        [...this.#rights.values()].map(async (right) => ((await this.#isMissing(right)) ? [] : [right])),
      );
      for (const right of restored.flat()) this.#restore(right);
    }
  }

  #restore(right: MissingRight): void {
    this.#rights.delete(keyOf(right));
    this.options.onRestored(right);
  }

  async #isMissing(right: MissingRight): Promise<boolean> {
    if (right.namespace !== undefined && !this.options.isNeededIn(right.namespace)) return false;
    try {
      const review = await this.options.client.create(accessReview(right), { signal: this.#stopping.signal });
      return mapAt(review, 'status')['allowed'] !== true;
    } catch (thrown) {
      // Without the answer, the next attempt of what was refused decides.
      return !(thrown instanceof KubeError) || thrown.isOutage;
    }
  }
}

const keyOf = ({ verb, apiVersion, resource, namespace = '' }: MissingRight): string =>
  [verb, groupOf(apiVersion), resource, namespace].join(' ');

/** Whether the agent has a right, by a SelfSubjectAccessReview, which every account may create. */
function accessReview({ verb, apiVersion, resource: path, namespace }: MissingRight): KubeObject {
  const [resource, subresource] = path.split('/');
  const resourceAttributes = { verb, group: groupOf(apiVersion), resource, subresource, namespace };
  return {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    metadata: { name: '' },
    spec: { resourceAttributes },
  };
}
