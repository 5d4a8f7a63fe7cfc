import {
  type CallOptions,
  isAlreadyExists,
  isConflict,
  isInvalid,
  isNotFound,
  type KubeClient,
  KubeError,
} from '@runos/kube-client';
import { builtInCatalog, type ImmutablePolicy, sentence } from '@runos/kube-kinds';
import {
  type FieldPattern,
  type KubeObject,
  mapAt,
  ownerLabels,
  printRef,
  refOf,
  hasSameOwner,
} from '@runos/kube-objects';
import type { ApplyHistory, Problem } from '../instances/instance-facts.js';
import { adoptCreatedFields, releaseFields, removeUpdateEntries, replaceThenApply } from './managed-fields.js';

/** Result of applying one object. Outages and conflicts are thrown instead, because a retry helps. */
export type ApplyOutcome =
  /** The live object is as desired. `recreated`: the old object had to be deleted first. */
  | { readonly kind: 'applied'; readonly object: KubeObject; readonly recreated: boolean }
  /** The object is being deleted, by us to create it again, or by others. The watch reports the end of that. */
  | { readonly kind: 'terminating'; readonly byUs: boolean }
  /** The object was written or deleted since the given resourceVersion: nothing was changed. */
  | { readonly kind: 'stale' }
  /** Its namespace is missing or being deleted. */
  | { readonly kind: 'namespaceMissing' }
  | Refusal;

interface Refusal {
  readonly kind: 'refused';
  readonly problem: Problem;
}

const refused = (reason: string, message: string, blocked = true): Refusal => ({
  kind: 'refused',
  problem: { reason, message, blocked },
});

export interface ApplyOptions extends CallOptions, Partial<ApplyHistory> {
  readonly immutablePolicy?: ImmutablePolicy;
  /** Fields that are left to others, and the object as it is created with them. */
  readonly left?: readonly FieldPattern[] | undefined;
  readonly initial?: KubeObject | undefined;
  /** Precondition: only this version of the object is replaced. */
  readonly resourceVersion?: string | undefined;
}

/** How an apply that was refused as invalid is resolved. */
interface Resolution {
  readonly policy: ImmutablePolicy;
  readonly left: readonly FieldPattern[];
  readonly initial: KubeObject | undefined;
  readonly call: CallOptions;
}

/** Brings one live object to its desired state. It recreates objects where needed, but never those with data. */
export class ObjectApplier {
  constructor(private readonly client: KubeClient) {}

  async applyObject(desired: KubeObject, options: ApplyOptions = {}): Promise<ApplyOutcome> {
    const { first, created, immutablePolicy, resourceVersion, left = [], initial, ...call } = options;
    let known = resourceVersion;
    const policy = immutablePolicy ?? builtInCatalog.kindOf(desired).immutablePolicy;
    const isNew = first || (initial !== undefined && (await this.client.find(refOf(desired), call)) === undefined);
    const outcome = isNew ? await this.#create(initial ?? desired, call) : undefined;
    if (outcome && (initial === undefined || outcome.kind !== 'applied')) return outcome;
    try {
      if (first || created || left.length > 0) {
        const live = await this.client.find(refOf(desired), call);
        if (known !== undefined && live?.metadata.resourceVersion !== known) return { kind: 'stale' };
        if (live && desired.metadata.namespace === undefined && !hasSameOwner(live, desired)) {
          return refused(
            'OwnedByAnother',
            `${printRef(refOf(desired))} exists and is not owned by RunOS: rename or remove it.`,
          );
        }
        const adopted = live && (await adoptCreatedFields(this.client, live, desired, call));
        const released = adopted && (await releaseFields(this.client, adopted, left, call));
        if (known !== undefined) known = released?.metadata.resourceVersion;
      }
      return await this.#outcomeOf(await this.client.apply(withVersion(desired, known), call), call);
    } catch (thrown) {
      if (known !== undefined && isStale(thrown)) return { kind: 'stale' };
      if (isInvalid(thrown)) return this.#resolveInvalid(desired, thrown, { policy, left, initial, call });
      return classifyError(desired, thrown);
    }
  }

  /** The object as an apply would leave it. Undefined if the API server refuses it. */
  async dryRunApply(desired: KubeObject, call: CallOptions = {}): Promise<KubeObject | undefined> {
    try {
      return await this.client.apply(desired, { ...call, dryRun: true });
    } catch (thrown) {
      if (thrown instanceof KubeError && !thrown.isOutage) return undefined;
      throw thrown;
    }
  }

  /** Undefined if the object exists. A create costs the API server half of an apply. */
  async #create(desired: KubeObject, call: CallOptions): Promise<ApplyOutcome | undefined> {
    try {
      const object = await this.client.create(desired, { ...call, strict: true });
      return { kind: 'applied', object, recreated: false };
    } catch (thrown) {
      return isAlreadyExists(thrown) ? undefined : classifyError(desired, thrown);
    }
  }

  async #outcomeOf(object: KubeObject, call: CallOptions, recreated = false): Promise<ApplyOutcome> {
    if (object.metadata.deletionTimestamp) return { kind: 'terminating', byUs: false };
    return { kind: 'applied', object: await removeUpdateEntries(this.client, object, call), recreated };
  }

  /** The merged object is invalid: a field is immutable, or foreign fields contradict ours. */
  async #resolveInvalid(desired: KubeObject, cause: KubeError, resolution: Resolution): Promise<ApplyOutcome> {
    const { initial = desired, call } = resolution;
    try {
      if (isImmutable(cause)) return await this.#recreate(desired, cause, resolution);
      return await this.#outcomeOf(await replaceThenApply(this.client, { initial, desired }, call), call);
    } catch (thrown) {
      if (isInvalid(thrown) && isImmutable(thrown)) return this.#recreate(desired, thrown, resolution);
      return classifyError(desired, thrown);
    }
  }

  /**
   * Recreates an object after another write than an apply was refused. Undefined if no immutable field is the reason, or
   * if the policy of the kind does not allow it.
   */
  async recreateImmutable(
    desired: KubeObject,
    cause: KubeError,
    { immutablePolicy, left = [], initial, signal }: ApplyOptions = {},
  ): Promise<ApplyOutcome | undefined> {
    const policy = immutablePolicy ?? builtInCatalog.kindOf(desired).immutablePolicy;
    if (!isImmutable(cause) || policy === 'refuse' || policy === 'expand') return undefined;
    try {
      return await this.#recreate(desired, cause, { policy, left, initial, call: { signal } });
    } catch (thrown) {
      return classifyError(desired, thrown);
    }
  }

  async #recreate(
    desired: KubeObject,
    cause: KubeError,
    { policy, left, initial, call }: Resolution,
  ): Promise<ApplyOutcome> {
    const resolved = await resolveImmutableChange(this.client, desired, cause, policy, call);
    if (resolved !== 'deleted') return resolved;
    if (initial === undefined) return this.#outcomeOf(await this.client.apply(desired, call), call, true);
    const outcome = await this.applyObject(desired, { ...call, immutablePolicy: 'refuse', left, initial });
    return outcome.kind === 'applied' ? { ...outcome, recreated: true } : outcome;
  }
}

/** The object was written, or deleted, since it was observed. */
export const isStale = (thrown: unknown): boolean =>
  isConflict(thrown) || (isNotFound(thrown) && thrown.reason !== 'NoKind');

/** An apply of this object fails if the live one has another resourceVersion. */
const withVersion = (desired: KubeObject, resourceVersion: string | undefined): KubeObject =>
  resourceVersion === undefined ? desired : { ...desired, metadata: { ...desired.metadata, resourceVersion } };

/** The outcome that an error response means. Errors that a retry may cure are thrown. */
export function classifyError(desired: KubeObject, thrown: unknown): ApplyOutcome {
  if (!(thrown instanceof KubeError)) throw thrown;
  const { status, message, reason } = thrown;
  if (status === 403 && /because it is being terminated/.test(message)) return { kind: 'namespaceMissing' };
  if (status === 404 && /namespaces? "[^"]*" not found/.test(message)) return { kind: 'namespaceMissing' };
  if (status === 403 && message.includes(lostLabelsWords)) {
    return refused('LabelsRemoved', `${message}. ${restoreLabels(desired)}`, false);
  }
  // The words of a policy may lack a full stop, and other sentences follow.
  const words = sentence(message);
  if (reason === 'NoKind') return refused('NoKind', words, false);
  if (status === 403) return refused(/exceeded quota/.test(message) ? 'QuotaExceeded' : 'Forbidden', words, false);
  if (!thrown.isPermanent) throw thrown;
  return refused('Blocked', `The API server refuses ${printRef(refOf(desired))}: ${words}`);
}

/** Of our own admission policy: without these labels, a namespace is not ours. */
const lostLabelsWords = 'may only write in namespaces that carry the labels of an instance';

function restoreLabels({ metadata: { namespace, name, labels = {} } }: KubeObject): string {
  const both = [ownerLabels.osid, ownerLabels.managedBy].map((label) => `${label}=${labels[label] ?? ''}`);
  return `Put the labels back: kubectl label namespace ${namespace ?? name} ${both.join(' ')}`;
}

/** Error messages of the API server about immutable fields. Each kind has its own. */
const immutableMessage =
  /immutable|may not change|cannot (be )?changed?|can ?not be (less|changed)|forbidden: updates to/i;

export const isImmutable = (cause: KubeError): boolean => immutableMessage.test(cause.message);

/** Follows the immutable policy of the kind: deletes the object so that it can be applied again, or gives an outcome. */
async function resolveImmutableChange(
  client: KubeClient,
  desired: KubeObject,
  cause: KubeError,
  policy: ImmutablePolicy,
  call: CallOptions,
): Promise<ApplyOutcome | 'deleted'> {
  const ref = refOf(desired);
  if (policy === 'expand') await expandStorage(client, desired, call);
  if (policy === 'expand' || policy === 'refuse') return blocked(desired, cause);
  const live = await client.find(ref, call);
  if (live === undefined) return 'deleted';
  const propagation = policy === 'orphan' ? 'Orphan' : 'Background';
  const result = await client.delete(ref, { uid: live.metadata.uid, propagation, ...call });
  return result === 'deleted' ? 'deleted' : { kind: 'terminating', byUs: true };
}

/** The refusal of a change for which an object would have to be deleted. */
export function blocked(desired: KubeObject, cause: KubeError): Refusal {
  const fields = cause.fields.map(({ field }) => field).filter(Boolean);
  const changed = fields.length > 0 ? fields.join(', ') : 'a field';
  return refused(
    'Blocked',
    `${printRef(refOf(desired))} would have to be recreated to change ${changed}, which deletes its data: ` +
      `undo the change, or create a new instance and move the data. ${sentence(cause.message)}`,
  );
}

/** A claim may grow even when the rest of the change is impossible. */
async function expandStorage(client: KubeClient, desired: KubeObject, call: CallOptions): Promise<void> {
  const storage = mapAt(desired, 'spec', 'resources', 'requests')['storage'];
  if (storage === undefined) return;
  try {
    await client.mergePatch(refOf(desired), { spec: { resources: { requests: { storage } } } }, call);
  } catch {
    // The size shrinks or its class cannot grow: the refusal of the whole change is reported.
  }
}
