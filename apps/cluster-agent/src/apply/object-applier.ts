import { type CallOptions, isConflict, isInvalid, KubeError, type KubeClient } from '@runos/kube-client';
import { type KubeObject, printRef, refOf, sameOwner } from '@runos/kube-objects';
import type { ApplyHistory } from '../instances/object-state.js';
import { type ApplyOutcome, refused } from './apply-outcome.js';
import { isImmutable, resolveImmutableChange } from './immutable-change.js';
import { adoptCreatedFields, removeUpdateEntries, replaceThenApply } from './managed-fields.js';

export type ApplyOptions = CallOptions & Partial<ApplyHistory>;

/** Brings one live object to its desired state. It recreates objects where needed, but never those with data. */
export class ObjectApplier {
  constructor(private readonly client: KubeClient) {}

  async applyObject(desired: KubeObject, options: ApplyOptions = {}): Promise<ApplyOutcome> {
    const { first, created, ...call } = options;
    const outcome = first ? await this.#create(desired, call) : undefined;
    if (outcome) return outcome;
    try {
      if (first || created) {
        const live = await this.client.find(refOf(desired), call);
        if (live && desired.metadata.namespace === undefined && !sameOwner(live, desired)) {
          return refused('NotOurs', `${printRef(refOf(desired))} exists and is not ours: rename or remove it.`);
        }
        if (live) await adoptCreatedFields(this.client, live, call);
      }
      return await this.#outcomeOf(await this.client.apply(desired, call), call);
    } catch (thrown) {
      if (isInvalid(thrown)) return this.#resolveInvalid(desired, thrown, call);
      return classifyError(desired, thrown);
    }
  }

  /** The object as an apply would leave it. Undefined if the API server refuses it. */
  async dryRunApply(desired: KubeObject, call: CallOptions = {}): Promise<KubeObject | undefined> {
    try {
      return await this.client.apply(desired, { ...call, dryRun: true });
    } catch (thrown) {
      if (thrown instanceof KubeError && !thrown.outage) return undefined;
      throw thrown;
    }
  }

  /** Undefined if the object exists. A create costs the API server half of an apply. */
  async #create(desired: KubeObject, call: CallOptions): Promise<ApplyOutcome | undefined> {
    try {
      const object = await this.client.create(desired, { ...call, strict: true });
      return { kind: 'applied', object, recreated: false };
    } catch (thrown) {
      return isConflict(thrown) ? undefined : classifyError(desired, thrown);
    }
  }

  async #outcomeOf(object: KubeObject, call: CallOptions, recreated = false): Promise<ApplyOutcome> {
    if (object.metadata.deletionTimestamp) return { kind: 'terminating' };
    return { kind: 'applied', object: await removeUpdateEntries(this.client, object, call), recreated };
  }

  /** The merged object is invalid: a field is immutable, or foreign fields contradict ours. */
  async #resolveInvalid(desired: KubeObject, cause: KubeError, call: CallOptions): Promise<ApplyOutcome> {
    try {
      if (isImmutable(cause)) return await this.#recreate(desired, cause, call);
      return await this.#outcomeOf(await replaceThenApply(this.client, desired, call), call);
    } catch (thrown) {
      if (isInvalid(thrown) && isImmutable(thrown)) return this.#recreate(desired, thrown, call);
      return classifyError(desired, thrown);
    }
  }

  async #recreate(desired: KubeObject, cause: KubeError, call: CallOptions): Promise<ApplyOutcome> {
    const resolved = await resolveImmutableChange(this.client, desired, cause, call);
    if (resolved !== 'deleted') return resolved;
    return this.#outcomeOf(await this.client.apply(desired, call), call, true);
  }
}

/** The outcome that an error response means. Errors that a retry may cure are thrown. */
function classifyError(desired: KubeObject, thrown: unknown): ApplyOutcome {
  if (!(thrown instanceof KubeError)) throw thrown;
  const { status, message, reason } = thrown;
  if (status === 403 && /because it is being terminated/.test(message)) return { kind: 'namespaceMissing' };
  if (status === 404 && /namespaces? "[^"]*" not found/.test(message)) return { kind: 'namespaceMissing' };
  if (reason === 'NoKind') return refused('NoKind', message, false);
  if (status === 403) return refused(/exceeded quota/.test(message) ? 'QuotaExceeded' : 'Forbidden', message, false);
  if (!thrown.permanent) throw thrown;
  return refused('Blocked', `The API server refuses ${printRef(refOf(desired))}: ${message}`);
}
