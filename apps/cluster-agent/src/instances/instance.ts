import type { KindCatalog } from '@runos/kube-kinds';
import { type InventoryEntry, refKey, refOf } from '@runos/kube-objects';
import type { Carrier } from '@runos/observability';
import type { BundleRecord, Checkpoint, Drift } from '../bundles/bundle-record.js';
import type { KindCatalogs } from '../bundles/kind-catalogs.js';
import { checkpointOf } from './checkpoint-of.js';
import { ClaimSizes } from './claim-sizes.js';
import { DataRisks } from './data-risks.js';
import { DataLosses } from './data-losses.js';
import { Dependents } from './dependents.js';
import { DriftLog } from './drift-log.js';
import type { AcknowledgedReport } from './instance-facts.js';
import { desiredHashOf } from './desired-hash.js';
import { type DesiredObjects, initialObject, unpackDesired } from './desired-objects.js';
import { EarlierContent } from './earlier-content.js';
import { ObjectState } from './object-state.js';
import { type PendingChange, PendingChanges } from './pending-changes.js';
import { ProbeFailures } from './probe-failures.js';
import { PruneLog } from './prune-log.js';
import { RemovalHold } from './removal-hold.js';
import type { RemovalState } from './removal-state.js';

/** State of one instance in memory. Reconciles change it one at a time, by the transitions below and nowhere else. */
export class Instance {
  readonly #objects = new Map<string, ObjectState>();
  readonly #pending = new PendingChanges();
  readonly driftLog: DriftLog;
  readonly losses: DataLosses;
  readonly dependents = new Dependents();
  readonly claimSizes = new ClaimSizes();
  readonly dataRisks = new DataRisks();
  readonly probeFailures = new ProbeFailures();
  readonly pruneLog = new PruneLog();
  readonly removalHold = new RemovalHold();
  readonly earlier = new EarlierContent();
  #record: BundleRecord;
  #kinds: KindCatalog;
  #observedRevision = 0;
  #hasOtherWriters = false;
  #removal: RemovalState | undefined;
  #isNamespaceTerminating = false;
  #isOrphaned = false;
  #acknowledgedStatus: string | undefined;
  #readyRevision: number;
  #openRequest: Carrier | undefined;
  #isCheckpointStale = false;
  #lastExclusive: Promise<unknown> = Promise.resolve();

  constructor(
    record: BundleRecord,
    private readonly catalogs: KindCatalogs,
  ) {
    this.#record = record;
    this.#kinds = catalogs.of(record.kinds, record.allowedWriters);
    this.#acknowledgedStatus = record.checkpoint.acknowledgedStatus;
    this.losses = new DataLosses(record.checkpoint);
    this.driftLog = new DriftLog(record.checkpoint);
    this.#readyRevision = record.checkpoint.readyRevision ?? 0;
  }

  get record(): BundleRecord {
    return this.#record;
  }

  get osid(): string {
    return this.#record.osid;
  }

  /** What is known of the kinds of its objects. */
  get kinds(): KindCatalog {
    return this.#kinds;
  }

  get namespaceKey(): string {
    return `/Namespace//${this.osid}`;
  }

  get objects(): ReadonlyMap<string, ObjectState> {
    return this.#objects;
  }

  get pending(): ReadonlyMap<string, PendingChange> {
    return this.#pending.all;
  }

  /** The revision that `objects` stands for. */
  get observedRevision(): number {
    return this.#observedRevision;
  }

  /** A newer bundle, or one with other allowed writers, was stored: the next reconcile continues with it. */
  get isOutdated(): boolean {
    return this.#record.revision !== this.#observedRevision || this.#hasOtherWriters;
  }

  /** Drifts that the plane has not acknowledged. */
  get drifts(): readonly Drift[] {
    return this.driftLog.drifts;
  }

  get removal(): RemovalState | undefined {
    return this.#removal;
  }

  /** Its namespace is being deleted: nothing can be created in it before that has ended. */
  get isNamespaceTerminating(): boolean {
    return this.#isNamespaceTerminating;
  }

  /** The plane does not know this instance. */
  get isOrphaned(): boolean {
    return this.#isOrphaned;
  }

  /** Hash of the last status that the plane acknowledged. */
  get acknowledgedStatus(): string | undefined {
    return this.#acknowledgedStatus;
  }

  /** The checkpoint differs from the stored one. */
  get isCheckpointStale(): boolean {
    return this.#isCheckpointStale;
  }

  /** Trace of the request whose changes are not reconciled yet. */
  get openRequest(): Carrier | undefined {
    return this.#openRequest;
  }

  /** The plane has not acknowledged that the stored revision is ready. */
  get isUnreported(): boolean {
    return this.#readyRevision < this.#record.revision;
  }

  /** Runs `work` when no other exclusive work of this instance is running. Used by writers of the record. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#lastExclusive.catch(() => undefined).then(work);
    this.#lastExclusive = result.catch(() => undefined);
    return result;
  }

  /** The desired objects by key. They are unpacked on every call, because the agent holds no objects in memory. */
  desiredObjects(): DesiredObjects {
    return this.#record.removing ? new Map() : unpackDesired(this.#record.objectsGz, this.#kinds);
  }

  /** The inventory with all known uids. */
  inventory(): InventoryEntry[] {
    return this.#record.inventory.map((entry) => {
      const uid = this.#objects.get(refKey(entry))?.applied?.uid ?? entry.uid;
      return uid === undefined ? entry : { ...entry, uid };
    });
  }

  checkpoint(): Checkpoint {
    const { acknowledgedStatus } = this;
    const readyRevision = this.#readyRevision;
    const logs = { ...this.driftLog.stored, ...this.losses.stored };
    return checkpointOf(this.#objects, { ...logs, acknowledgedStatus, readyRevision });
  }

  /** The record was written to Kubernetes. With other kinds, its custom resources are read and evaluated again. */
  recordStored(record: BundleRecord): void {
    const [earlier, known] = [this.#record, this.#kinds];
    const { removing, revision, objectsGz } = earlier;
    const isReverted = removing && !record.removing;
    if (!removing && revision !== record.revision && revision > 0) {
      this.earlier.add(() => unpackDesired(objectsGz, known));
    }
    this.#record = record;
    if (isReverted) this.#recordReverted();
    const kinds = this.catalogs.of(record.kinds, record.allowedWriters);
    if (kinds === known) return;
    this.#kinds = kinds;
    // What other writers have added may be drift now, or not be drift any more.
    const hasOtherWriters = JSON.stringify(record.allowedWriters) !== JSON.stringify(earlier.allowedWriters);
    this.#hasOtherWriters ||= hasOtherWriters;
    for (const [key, state] of this.#objects) {
      if (state.recordKinds(kinds) || hasOtherWriters) this.addPending(key, { kind: 'missing' });
    }
  }

  /** The plane sent a bundle or a deletion that is stored now. `isRepeat`: it was stored before. */
  recordReceived(isRepeat: boolean): void {
    if (!isRepeat) this.losses.record(undefined); // it was reported for the earlier revision
    this.#isOrphaned = false;
    this.#openRequest = this.#record.trace;
    if (this.#record.removing) this.#pending.clear();
  }

  /** The process has started: continues the request that an earlier process has not completed. */
  resumeRequest(): void {
    if (this.#record.removing || this.pending.size > 0) this.#openRequest = this.#record.trace;
  }

  /** `request` is reconciled. A request that arrived meanwhile stays open. */
  recordReconciled(request: Carrier | undefined): void {
    if (this.#openRequest === request) this.#openRequest = undefined;
  }

  /** Makes the stored bundle the desired state: objects that are new or differ become pending. */
  observeBundle(desired: DesiredObjects): void {
    const known = new Map(this.#objects);
    // Later, an object that is not known was not in the bundle before: its checkpoint is that of an object we have pruned.
    const applied = this.#observedRevision === 0 ? this.#record.checkpoint.applied : {};
    this.#objects.clear();
    for (const [key, object] of desired) {
      const ref = refOf(object);
      const desiredHash = desiredHashOf(object);
      const initial = () => initialObject(this.#record, key);
      const state = known.get(key) ?? new ObjectState(ref, desiredHash, this.#kinds, applied[key], initial);
      this.#objects.set(key, state);
      const desiredReplicas = this.#kinds.desiredReplicasOf(object);
      if (state.recordDesired(ref, desiredHash, desiredReplicas)) this.addPending(key, { kind: 'apply' });
    }
    this.#pending.retain((key) => this.#objects.has(key));
    this.claimSizes.recordDesired([...desired.values()].flatMap((object) => this.#kinds.claimsOf(object)));
    this.#observedRevision = this.#record.revision;
    this.#hasOtherWriters = false;
  }

  addPending(key: string, change: PendingChange): void {
    if (this.#objects.has(key)) this.#pending.add(key, change);
  }

  takePending(key: string): PendingChange | undefined {
    return this.#pending.take(key);
  }

  /** Keeps a change that could not be completed. */
  retryPending(key: string, change: PendingChange): void {
    if (this.#objects.has(key)) this.#pending.retry(key, change);
  }

  /** The namespace was recreated: every other object must be applied again. */
  recordNamespaceLost(): void {
    this.losses.clearClaims();
    for (const [key, state] of this.#objects) {
      if (key === this.namespaceKey) continue;
      state.recordLost();
      this.addPending(key, { kind: 'apply' });
    }
  }

  recordNamespaceTerminating(terminating: boolean): void {
    this.#isNamespaceTerminating = terminating;
  }

  recordDrift(drift: Drift): void {
    this.driftLog.recordDrift(drift);
    this.#isCheckpointStale = true;
  }

  recordDataLoss(message: string): void {
    this.losses.record(message);
    this.#isCheckpointStale = true;
  }

  /** The API server allows what it has refused. Returns true if there is something to attempt. */
  retryRefused(): boolean {
    this.#removal?.refusals.retryNow();
    return this.#record.removing || this.pending.size > 0 || this.pruneLog.refused.length > 0;
  }

  startRemoval(removal: RemovalState): RemovalState {
    return (this.#removal = removal);
  }

  /** The deletion is reverted: nothing was deleted, but changes of others were not observed meanwhile. */
  #recordReverted(): void {
    this.#removal = undefined;
    this.removalHold.release();
    for (const key of this.#objects.keys()) this.addPending(key, { kind: 'missing' });
  }

  /** Returns true if it changed. */
  recordOrphaned(isOrphaned: boolean): boolean {
    const hasChanged = this.#isOrphaned !== isOrphaned;
    this.#isOrphaned = isOrphaned;
    return hasChanged;
  }

  recordAcknowledged({ statusHash, drifts, revision, phase }: AcknowledgedReport): void {
    this.driftLog.removeAcknowledged(drifts);
    this.#acknowledgedStatus = statusHash;
    if (phase === 'ready') this.#readyRevision = revision;
    if (this.#readyRevision === this.#record.revision) this.earlier.clear();
    if (phase === 'gone') this.#removal?.recordAcknowledged();
    this.#isCheckpointStale = true;
  }

  markCheckpointStale(): void {
    this.#isCheckpointStale = true;
  }

  /** A write of the checkpoint starts: later changes need another one. */
  startCheckpoint(): void {
    this.#isCheckpointStale = false;
  }
}
