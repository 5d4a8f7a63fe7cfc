import {
  allowedWriters,
  failed,
  isCustomGroup,
  type Kind,
  type KindCatalog,
  type Observation,
} from '@runos/kube-kinds';
import {
  type ExclusiveFields,
  foreignItems,
  isCreated,
  type KubeObject,
  type ObjectRef,
  ownedHash,
  printRef,
} from '@runos/kube-objects';
import type { AppliedObject } from '../bundles/bundle-record.js';
import type { ApplyHistory, Problem } from './instance-facts.js';
import { exclusiveOf } from './exclusive-of.js';
import { OwnWrites } from './own-writes.js';
import { OwnershipState } from './ownership-state.js';
import { RefusedContent } from './refused-content.js';
import { ReportedDriftState } from './reported-drift.js';

/**
 * State of one object of a bundle. It holds hashes and conditions, not the object, so that memory stays small. Only the
 * transitions below change it.
 */
export class ObjectState {
  #ref: ObjectRef;
  #desiredHash: string;
  #kinds: KindCatalog;
  #applied: AppliedObject | undefined;
  #previousOwnedHash: string | undefined;
  #resourceVersion: string | undefined;
  readonly writes = new OwnWrites();
  #earlyEvent: KubeObject | undefined;
  #observed: Partial<Observation> = {};
  #desiredReplicas: number | undefined;
  #problem: Problem | undefined;
  #isTerminating = false;
  #isMissing = false;
  #isRecreating = false;
  #isRepairPending = false;
  #repairedAt: number | undefined;
  #refusals = 0;
  /** What the API server has refused to change. */
  readonly refused = new RefusedContent();
  /** Whether others own our fields too. */
  readonly ownership = new OwnershipState();
  readonly reported = new ReportedDriftState();

  /** `initial` reads the object as it is created. */
  constructor(
    ref: ObjectRef,
    desiredHash: string,
    kinds: KindCatalog,
    applied?: AppliedObject,
    private readonly initial: () => KubeObject | undefined = () => undefined,
  ) {
    this.#ref = ref;
    this.#kinds = kinds;
    this.#desiredHash = desiredHash;
    this.#applied = applied;
  }

  get ref(): ObjectRef {
    return this.#ref;
  }

  /** The object as our last apply left it, in hashes. */
  get applied(): AppliedObject | undefined {
    return this.#applied;
  }

  /** Owned hash before our last apply changed it. */
  get previousOwnedHash(): string | undefined {
    return this.#previousOwnedHash;
  }

  /** The newest resourceVersion that this state includes. */
  get resourceVersion(): string | undefined {
    return this.#resourceVersion;
  }

  get health(): Observation['health'] | undefined {
    return this.#observed.health;
  }

  get replicas(): Observation['replicas'] {
    return this.#observed.replicas;
  }

  /** What the pods that it controls must have. */
  get podValues(): Observation['podValues'] {
    return this.#observed.podValues ?? {};
  }

  get problem(): Problem | undefined {
    return this.#problem;
  }

  /** It has a deletionTimestamp: nothing can be done before it is deleted. */
  get isTerminating(): boolean {
    return this.#isTerminating;
  }

  /** We deleted it ourselves, to create it again. */
  get isRecreating(): boolean {
    return this.#isRecreating;
  }

  /** It was applied before, and the cluster does not serve its kind any more. */
  get hasLostKind(): boolean {
    return this.#applied !== undefined && this.#problem?.reason === 'NoKind';
  }

  /** When a foreign change of it was last repaired, ms of the monotonic clock. */
  get repairedAt(): number | undefined {
    return this.#repairedAt;
  }

  /** How often in a row the object was blocked or overridden. */
  get refusals(): number {
    return this.#refusals;
  }

  /** True once the cluster holds the desired object, or the drift policy accepts what it holds. */
  get isApplied(): boolean {
    if (this.#problem !== undefined || this.#isRepairPending) return false;
    return this.isSameContent || this.reported.fields !== undefined;
  }

  get kind(): Kind {
    return this.#kinds.kindOf(this.#ref);
  }

  /** The fields in which additions of others are drift. */
  get exclusive(): ExclusiveFields {
    return exclusiveOf(this.kind, this.#kinds, this.initial);
  }

  get history(): ApplyHistory {
    return {
      first: this.#applied === undefined,
      created: this.#applied?.created === true && this.#applied.desiredHash !== this.#desiredHash,
    };
  }

  /** True if this state includes `resourceVersion` already, as with the watch event of our own write. */
  includes(resourceVersion: string | undefined): boolean {
    if (this.#resourceVersion === undefined || resourceVersion === undefined) return false;
    return this.#resourceVersion === resourceVersion || Number(resourceVersion) <= Number(this.#resourceVersion);
  }

  /** True if our last write was of the content that is desired now, so that every difference is foreign. */
  get isSameContent(): boolean {
    return this.#applied?.desiredHash === this.#desiredHash;
  }

  /** True if our fields differ from what our last apply left, or if others have added to exclusive fields. 0.1 ms. */
  hasDrifted(live: KubeObject): boolean {
    return ownedHash(live) !== this.#applied?.ownedHash || foreignItems(live, this.exclusive).length > 0;
  }

  /** Another bundle desires this object, with this number of replicas. Returns true if it must be applied. */
  recordDesired(ref: ObjectRef, desiredHash: string, desiredReplicas?: number): boolean {
    this.#ref = ref;
    this.#desiredHash = desiredHash;
    this.#desiredReplicas = desiredReplicas;
    this.#isRepairPending = this.reported.fields !== undefined;
    const mustApply = !this.isSameContent || this.#problem !== undefined || this.#isRepairPending;
    this.#clearProblem();
    this.ownership.recordPostponed(); // other fields, or another policy
    return mustApply;
  }

  /** Records a live object. An older one than known is ignored. Returns true if the observed state changed. */
  recordObserved(live: KubeObject): boolean {
    if (!this.#isMissing && this.includes(live.metadata.resourceVersion)) return false;
    const before = this.#observedState();
    this.#isMissing = false;
    this.#resourceVersion = live.metadata.resourceVersion;
    this.#isTerminating = live.metadata.deletionTimestamp !== undefined;
    this.#observed = this.#kinds.observe(live, this.#desiredReplicas);
    this.ownership.recordObserved(live, allowedWriters(this.kind));
    return before !== this.#observedState();
  }

  /** Other rules apply to its kind. Returns true if it must be observed again; built-in kinds keep their rules. */
  recordKinds(kinds: KindCatalog): boolean {
    this.#kinds = kinds;
    if (!isCustomGroup(this.#ref.apiVersion)) return false;
    this.#resourceVersion = undefined;
    return true;
  }

  /** Keeps a watch event that arrived before the response to our first apply, which may be older. */
  recordEarlyEvent(live: KubeObject): void {
    this.#earlyEvent = live;
  }

  /**
   * Records the response to our apply. Returns the object of a newer foreign change, if there was one meanwhile.
   * Returns the response itself if others have added to its exclusive fields: an apply does not remove that.
   */
  recordApplied(live: KubeObject): KubeObject | undefined {
    const early = this.#earlyEvent;
    const { uid = '', resourceVersion } = live.metadata;
    const hash = ownedHash(live) ?? '';
    this.recordObserved(live);
    this.#previousOwnedHash = this.#applied?.ownedHash;
    this.#applied = {
      uid,
      ownedHash: hash,
      desiredHash: this.#desiredHash,
      ...(isCreated(live) ? { created: true } : {}),
    };
    this.writes.record(live, this.#desiredHash);
    this.#earlyEvent = undefined;
    this.#clearProblem();
    this.#isRecreating = false;
    this.#isRepairPending = false;
    this.reported.clear();
    const isNewer = early !== undefined && Number(early.metadata.resourceVersion) > Number(resourceVersion);
    if (isNewer) return this.hasDrifted(early) ? early : undefined;
    return foreignItems(live, this.exclusive).length > 0 ? live : undefined;
  }

  /**
   * Records the response to an apply whose fields were changed by admission. It is known, so that only further changes are
   * drift; but it does not count as applied, also after a restart.
   */
  recordOverridden(live: KubeObject, problem: Problem): KubeObject | undefined {
    const refusals = this.#refusals;
    const changedSince = this.recordApplied(live);
    if (this.#applied) this.#applied = { ...this.#applied, desiredHash: '' };
    this.#problem = problem;
    this.#refusals = refusals + 1;
    return changedSince;
  }

  /** A repair found nothing to do. */
  recordInSync(): void {
    this.#clearProblem();
    this.#isRepairPending = false;
  }

  recordProblem(problem: Problem): void {
    this.#problem = problem;
    if (problem.blocked) this.#refusals += 1;
  }

  recordTerminating(): void {
    this.#isTerminating = true;
  }

  /** It does not exist, or has lost our labels: it must be read. */
  recordDeleted(): void {
    this.#earlyEvent = undefined;
    this.#isTerminating = false;
    this.#isMissing = true;
    const health = failed('Missing', `${printRef(this.#ref)} does not exist: it is created again.`);
    const desired = this.replicas?.desired ?? this.#desiredReplicas;
    this.#observed = { health, ...(desired !== undefined && { replicas: { desired, ready: 0 } }) };
  }

  recordRecreating(): void {
    this.#isRecreating = true;
    this.writes.recordDeletion(this.#applied?.uid);
  }

  /** The namespace was deleted with everything in it: the object counts as never applied. */
  recordLost(): void {
    this.recordDeleted();
    this.writes.recordDeletion(this.#applied?.uid);
    this.#applied = undefined;
    this.#resourceVersion = undefined;
  }

  recordRepaired(at: number): void {
    this.#repairedAt = at;
  }

  /** Another object has this name now, and the policy leaves it there. */
  recordReplaced(uid: string): void {
    if (this.#applied) this.#applied = { ...this.#applied, uid };
  }

  #clearProblem(): void {
    this.#problem = undefined;
    this.#refusals = 0;
    this.refused.clear();
  }

  #observedState(): string {
    return JSON.stringify([this.#observed, this.#isTerminating]);
  }
}
