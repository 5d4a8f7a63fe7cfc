import type { Clock } from '@runos/kernel';
import { builtInCatalog, claimKind, failedCreate, type Health, kindKey, podKind } from '@runos/kube-kinds';
import { type KubeObject, mapAt, type ObjectRef, refKey, refOf, textOf } from '@runos/kube-objects';
import { retryKept } from '../instances/blocked-changes.js';
import type { CrashLogs } from '../instances/crash-logs.js';
import { deletion, driftOf } from '../drift/drift-report.js';
import type { Instance } from '../instances/instance.js';
import type { InstanceIndex } from '../instances/instance-index.js';
import { redactionOf } from '../instances/redaction-of.js';
import { claimNamespace } from '../removal/volumes.js';

const event = { apiVersion: 'v1', kind: 'Event' } as const;

/** A StatefulSet reports an exceeded quota, and the kubelet the output of a probe, nowhere else. */
export const eventSelectors = [
  { ...event, fieldSelector: 'reason=FailedCreate' },
  { ...event, fieldSelector: 'reason=Unhealthy' },
] as const;

/** The API server has no watch cache for events and so sends no bookmarks: the watch must end before the idle timeout. */
export const eventInformer = { watchTimeoutSeconds: 60 } as const;

/** Transient reasons that are not reported. */
const transientReasons: ReadonlySet<string> = new Set(['PodStarting', 'Terminating']);

/** The status of a Deployment reports failed creates of its ReplicaSets, so their events add nothing. */
const kindsWithOwnReport: ReadonlySet<string> = new Set(['ReplicaSet', 'Deployment']);

/** Handles events of objects that are in no bundle: pods, claims, failed creates. Healthy ones are not stored. */
export class DependentEventHandler {
  constructor(
    private readonly instances: InstanceIndex,
    private readonly clock: Clock,
    private readonly crashLogs: CrashLogs,
    private readonly report: (instance: Instance) => void,
    private readonly enqueue: (instance: Instance) => void,
  ) {}

  onAddOrUpdate(object: KubeObject): void {
    if (object.kind === event.kind) return this.#onEvent(object);
    const ref = refOf(object);
    const instance = this.instances.byNamespace(ref.namespace);
    if (instance === undefined) return; // a removal may be cancelled, so it is observed too
    if (instance.dataRisks.recordObserved(object)) this.#reportRisks(instance);
    if (instance.dependents.pods.recordObserved(object)) this.report(instance);
    if (instance.claimSizes.recordObserved(object)) this.#reportSizes(instance);
    this.#recordClaim(instance, ref, object);
    this.#recordHealth(instance, ref, object);
  }

  /** The deletion of a volume is a risk for the instance whose claim is bound to it. */
  onVolume(volume: KubeObject): void {
    const instance = this.instances.byNamespace(claimNamespace(volume));
    if (instance?.dataRisks.recordObserved(volume)) this.#reportRisks(instance);
  }

  onVolumeDeleted(volume: KubeObject): void {
    const instance = this.instances.byNamespace(claimNamespace(volume));
    if (instance?.dataRisks.recordDeleted(volume)) this.#reportRisks(instance);
  }

  /** A list of a kind is complete: objects that are not in it were deleted while no watch was open. */
  onListed(instance: Instance, kind: string, keys: ReadonlySet<string>): void {
    const isGone = (key: string) => key.startsWith(`${kind}/`) && !keys.has(key);
    const { dataRisks, claimSizes, dependents } = instance;
    if (dataRisks.removeAll(isGone)) this.#reportRisks(instance);
    if (kind === kindKey(claimKind)) this.#onClaimsListed(instance, keys);
    const changed = [claimSizes.removeAll(isGone), dependents.removeAll(isGone)];
    if (changed.includes(true)) this.report(instance);
  }

  onDelete(object: KubeObject): void {
    const ref = refOf(object);
    const instance = this.instances.byNamespace(ref.namespace);
    if (instance === undefined) return;
    const isClaim = object.kind === 'PersistentVolumeClaim';
    if (isClaim && !instance.record.removing) this.#onClaimDeleted(instance, object);
    if (isClaim) instance.losses.recordDeleted(ref.name);
    if (object.kind === podKind.kind) {
      instance.probeFailures.remove(object.metadata.uid ?? '');
      this.crashLogs.remove(object);
    }
    if (instance.dataRisks.recordDeleted(object)) this.#reportRisks(instance);
    const changed = [
      instance.claimSizes.removeAll((key) => key === refKey(ref)),
      instance.dependents.recordDeleted(refKey(ref)),
    ];
    if (changed.includes(true)) this.report(instance);
  }

  /** The workload is ready, so an earlier FailedCreate event is obsolete. */
  removeFailedCreate(instance: Instance, { kind, name }: ObjectRef): void {
    instance.dependents.remove(failedCreateKey(kind, name));
  }

  /** A change that was refused to keep data may be possible now. */
  #reportRisks(instance: Instance): void {
    this.report(instance);
    if (retryKept(instance)) this.enqueue(instance);
  }

  /** The reconcile finds out from the API server why a controller has not requested what is desired. */
  #reportSizes(instance: Instance): void {
    this.report(instance);
    if (instance.claimSizes.unrequested.length > 0) this.enqueue(instance);
  }

  /** A log that is read later is recorded unless the pod has recovered or is gone by then. */
  #recordHealth(instance: Instance, ref: ObjectRef, object: KubeObject): void {
    this.#record(instance, refKey(ref), ref, this.#healthOf(instance, ref, object));
  }

  #healthOf(instance: Instance, ref: ObjectRef, object: KubeObject): Health {
    const health = builtInCatalog.healthOf(object);
    if (object.kind !== podKind.kind || instance.record.removing) return health;
    const onRead = () => {
      if (instance.dependents.has(refKey(ref))) this.#recordHealth(instance, ref, object);
    };
    const redact = redactionOf(instance);
    return instance.probeFailures.explain(object, this.crashLogs.explain(object, health, { redact, onRead }));
  }

  #onEvent(object: KubeObject): void {
    const involved = mapAt(object, 'involvedObject');
    const [kind, name, namespace] = [textOf(involved['kind']), textOf(involved['name']), textOf(involved['namespace'])];
    const apiVersion = textOf(involved['apiVersion']);
    const instance = this.instances.byNamespace(namespace);
    if (!kind || !name || !namespace || !apiVersion || !instance || instance.record.removing) return;
    const ref = { apiVersion, kind, namespace, name };
    const message = textOf(object['message']) ?? '';
    if (object['reason'] === 'FailedCreate') this.#onFailedCreate(instance, ref, message);
    else this.#onFailedProbe(instance, textOf(involved['uid']), object);
  }

  #onFailedCreate(instance: Instance, ref: ObjectRef, message: string): void {
    const state = instance.objects.get(refKey(ref));
    if (kindsWithOwnReport.has(ref.kind) || state === undefined || state.health?.state === 'ready') return;
    this.#record(instance, failedCreateKey(ref.kind, ref.name), ref, failedCreate(message));
  }

  #onFailedProbe(instance: Instance, uid: string | undefined, probed: KubeObject): void {
    if (uid === undefined) return;
    const unready = instance.probeFailures.record(uid, probed, redactionOf(instance));
    if (unready) this.#record(instance, refKey(unready.ref), unready.ref, unready.health);
  }

  #record(instance: Instance, key: string, ref: ObjectRef, health: Health): void {
    const isRelevant = health.state !== 'ready' && !transientReasons.has(health.reason);
    const hasChanged = isRelevant ? instance.dependents.record(key, { ref, health }) : instance.dependents.remove(key);
    if (hasChanged) this.report(instance);
  }

  /** Claims of a StatefulSet have no owner and outlive it. If one is deleted, a person did that, and its data is lost. */
  #onClaimDeleted(instance: Instance, claim: KubeObject): void {
    const isOwned = (claim.metadata.ownerReferences?.length ?? 0) > 0;
    const wasBound = builtInCatalog.healthOf(withoutDeletionTimestamp(claim)).reason === 'Bound';
    if (isOwned || instance.isNamespaceTerminating || !wasBound) return;
    this.#recordLoss(instance, refOf(claim));
  }

  /** The claim may be another one than the agent knew before its stop. */
  #recordClaim(instance: Instance, ref: ObjectRef, object: KubeObject): void {
    if (instance.record.removing) return;
    const observed = instance.losses.recordObserved(object);
    if (observed === 'replaced') this.#recordLoss(instance, ref);
    else if (observed === 'new') instance.markCheckpointStale();
  }

  /** Known claims that were deleted while no watch was open. */
  #onClaimsListed(instance: Instance, keys: ReadonlySet<string>): void {
    const { record, isNamespaceTerminating, losses, osid } = instance;
    if (record.removing || isNamespaceTerminating) return;
    const refTo = (name: string): ObjectRef => ({ ...claimRef, namespace: osid, name });
    for (const name of losses.recordListed((known) => keys.has(refKey(refTo(known))))) {
      this.#recordLoss(instance, refTo(name));
    }
  }

  #recordLoss(instance: Instance, ref: ObjectRef): void {
    instance.recordDataLoss(`PersistentVolumeClaim ${ref.name} was deleted: its data is lost.`);
    instance.recordDrift(driftOf(ref, deletion, 'recreated', this.clock.now()));
    this.report(instance);
  }
}

const claimRef = { apiVersion: claimKind.apiVersion, kind: claimKind.kind };

const failedCreateKey = (kind: string, name: string): string => `failed-create/${kind}/${name}`;

const withoutDeletionTimestamp = (claim: KubeObject): KubeObject => ({
  ...claim,
  metadata: { ...claim.metadata, deletionTimestamp: undefined },
});
