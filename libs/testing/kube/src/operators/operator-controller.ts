import type { SimulatedOperator } from '@runos/catalog-model';
import type { KubeObject } from '@runos/kube-objects';
import { kubeRequest, type Target } from '../cluster/kube-request.js';
import { KeyQueue } from './key-queue.js';
import { performStep } from './perform-step.js';
import { inNamespace, resourcePath } from './resource-path.js';
import { watchObjects } from './watch-objects.js';

const dependents = { Pod: '/api/v1/pods', PersistentVolumeClaim: '/api/v1/persistentvolumeclaims' } as const;

/** Plays one operator in one cluster. Each reconcile reads live objects; a watch only names the object to reconcile. */
export class OperatorController {
  readonly #queue: KeyQueue;
  readonly #lastProblems = new Map<string, string>();
  /** Of all its objects, while the API server serves them. */
  #path: string | undefined;

  constructor(
    private readonly operator: SimulatedOperator,
    private readonly target: () => Target,
    private readonly signal: AbortSignal,
    private readonly onEvent?: (line: string) => void,
  ) {
    this.#queue = new KeyQueue((key) => this.#reconcile(key), signal);
  }

  /** Resolves some time after the signal, when nothing runs. */
  async run(): Promise<void> {
    const { apiVersion, kind, label } = this.operator;
    const path = async () => (this.#path = await resourcePath(this.target(), { apiVersion, kind }));
    const onObject = ({ metadata }: KubeObject) => this.#queue.add(`${metadata.namespace ?? ''}/${metadata.name}`);
    const watches = [watchObjects(this.target, { path, onChange: onObject }, this.signal)];
    if (label !== undefined) {
      for (const each of Object.values(dependents)) {
        const watched = { path: () => Promise.resolve(each), labelSelector: label, onChange: this.#onDependent };
        watches.push(watchObjects(this.target, watched, this.signal));
      }
    }
    await Promise.all(watches);
    await this.#queue.idle();
  }

  readonly #onDependent = ({ metadata }: KubeObject): void => {
    const { apiVersion, kind } = this.operator;
    const owner = metadata.ownerReferences?.find((each) => each.controller);
    if (owner?.kind === kind && owner.apiVersion === apiVersion)
      this.#queue.add(`${metadata.namespace ?? ''}/${owner.name}`);
  };

  /** @throws Error when it has to be repeated; the first of equal ones is reported */
  async #reconcile(key: string): Promise<void> {
    try {
      await this.#act(key);
      this.#lastProblems.delete(key);
    } catch (thrown) {
      const { message } = thrown as Error;
      if (this.#lastProblems.get(key) !== message && !this.signal.aborted)
        this.onEvent?.(`the operator of ${this.operator.kind} ${key}: ${message}`);
      this.#lastProblems.set(key, message);
      throw thrown;
    }
  }

  async #act(key: string): Promise<void> {
    const all = this.#path;
    if (all === undefined) return;
    const [namespace = '', name = ''] = key.split('/');
    const object = await this.#get(`${inNamespace(all, namespace)}/${name}`);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    const pathOf = ({ kind, metadata }: KubeObject): string =>
      `${inNamespace(kind in dependents ? dependents[kind as keyof typeof dependents] : all, namespace)}/${metadata.name}`;
    const [pods, claims] = await Promise.all([
      this.#controlled('Pod', object),
      this.#controlled('PersistentVolumeClaim', object),
    ]);
    const step = this.operator.reconcile({ object, pods, claims, now: new Date().toISOString() });
    await performStep({ target: this.target(), operator: this.operator, object, pathOf }, step);
  }

  async #get(path: string): Promise<KubeObject | undefined> {
    const { status, body } = await kubeRequest(this.target(), path);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`${path} answered ${status}: ${body.slice(0, 200)}`);
    return JSON.parse(body) as KubeObject;
  }

  /** The dependents of a kind that the object controls, not those of a deleted one with the same name. */
  async #controlled(kind: keyof typeof dependents, { metadata }: KubeObject): Promise<KubeObject[]> {
    const { label } = this.operator;
    if (label === undefined) return [];
    const path = inNamespace(dependents[kind], metadata.namespace ?? '');
    const list = await this.#get(`${path}?labelSelector=${encodeURIComponent(label)}`);
    const items = (list?.['items'] ?? []) as readonly Omit<KubeObject, 'apiVersion' | 'kind'>[];
    return items
      .map((item) => ({ ...item, apiVersion: 'v1', kind }) as KubeObject)
      .filter((each) =>
        each.metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === metadata.uid),
      );
  }
}
