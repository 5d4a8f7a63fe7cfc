import { type CallOptions, isConflict, isInvalid, KubeError, type KubeClient } from '@runos/kube-client';
import { type KubeObject, printRef, refOf, sameOwner } from '@runos/kube-objects';
import { carryOut, isImmutable } from './immutable-change.js';
import { type Outcome, refused } from './outcome.js';
import { ownAsApplied } from './own-as-applied.js';
import { putOver } from './put-over.js';
import { withoutLeftovers } from './leftover-managers.js';

export interface ApplyOptions extends CallOptions {
  /** We have not made it yet, as far as we know. */
  readonly first?: boolean;
  /** We created it with other content, and have not applied anything since. */
  readonly created?: boolean;
}

/** Makes one object in the cluster be as rendered, whatever it takes short of losing data. */
export class Applier {
  constructor(private readonly client: KubeClient) {}

  async apply(wanted: KubeObject, options: ApplyOptions = {}): Promise<Outcome> {
    const { first, created, ...call } = options;
    const made = first ? await this.#create(wanted, call) : undefined;
    if (made) return made;
    try {
      if (first || created) {
        const live = await this.client.find(refOf(wanted), call);
        if (live && wanted.metadata.namespace === undefined && !sameOwner(live, wanted)) {
          return refused('NotOurs', `${printRef(refOf(wanted))} exists and is not ours: rename or remove it.`);
        }
        if (live) await ownAsApplied(this.client, live, call);
      }
      return await this.#taken(await this.client.apply(wanted, call), call);
    } catch (thrown) {
      if (isInvalid(thrown)) return this.#despite(wanted, thrown, call);
      return sorted(wanted, thrown);
    }
  }

  /** What the object would be after an apply; undefined if the API server refuses it. */
  async dryRun(wanted: KubeObject, call: CallOptions = {}): Promise<KubeObject | undefined> {
    try {
      return await this.client.apply(wanted, { ...call, dryRun: true });
    } catch (thrown) {
      if (thrown instanceof KubeError && !thrown.outage) return undefined;
      throw thrown;
    }
  }

  /** Undefined if it exists. A create costs the API server half of what an apply does. */
  async #create(wanted: KubeObject, call: CallOptions): Promise<Outcome | undefined> {
    try {
      const object = await this.client.create(wanted, { ...call, strict: true });
      return { kind: 'live', object, recreated: false };
    } catch (thrown) {
      return isConflict(thrown) ? undefined : sorted(wanted, thrown);
    }
  }

  async #taken(object: KubeObject, call: CallOptions, recreated = false): Promise<Outcome> {
    if (object.metadata.deletionTimestamp) return { kind: 'ending' };
    return { kind: 'live', object: await withoutLeftovers(this.client, object, call), recreated };
  }

  /** The API server refused the merged object: either a field cannot change, or what others left in it contradicts ours. */
  async #despite(wanted: KubeObject, cause: KubeError, call: CallOptions): Promise<Outcome> {
    try {
      if (isImmutable(cause)) return await this.#recreate(wanted, cause, call);
      return await this.#taken(await putOver(this.client, wanted, call), call);
    } catch (thrown) {
      if (isInvalid(thrown) && isImmutable(thrown)) return this.#recreate(wanted, thrown, call);
      return sorted(wanted, thrown);
    }
  }

  async #recreate(wanted: KubeObject, cause: KubeError, call: CallOptions): Promise<Outcome> {
    const done = await carryOut(this.client, wanted, cause, call);
    if (done !== 'gone') return done;
    return this.#taken(await this.client.apply(wanted, call), call, true);
  }
}

/** What a refusal means. What trying again may cure by itself is thrown. */
function sorted(wanted: KubeObject, thrown: unknown): Outcome {
  if (!(thrown instanceof KubeError)) throw thrown;
  const { status, message, reason } = thrown;
  if (status === 403 && /because it is being terminated/.test(message)) return { kind: 'homeless' };
  if (status === 404 && /namespaces? "[^"]*" not found/.test(message)) return { kind: 'homeless' };
  if (reason === 'NoKind') return refused('NoKind', message, false);
  if (status === 403) return refused(/exceeded quota/.test(message) ? 'QuotaExceeded' : 'Forbidden', message, false);
  if (!thrown.permanent) throw thrown;
  return refused('Blocked', `The API server refuses ${printRef(refOf(wanted))}: ${message}`);
}
