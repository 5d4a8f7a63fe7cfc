import {
  type Bundle,
  type DELETE_BUNDLE,
  type HOLD_DELETION,
  type READ_BUNDLE,
  type ReadInputOf,
  rootOf,
} from '@runos/agent-protocol';
import { ConflictBackoff, reconciled, type ReconcileResult, WorkQueue } from '@runos/engine';
import { systemClock } from '@runos/kernel';
import { isCustomGroup } from '@runos/kube-kinds';
import { gauge, withoutTrace } from '@runos/observability';
import { ObjectApplier } from '../apply/object-applier.js';
import { BundleReceiver } from '../bundles/bundle-receiver.js';
import { BundleStore, RecordWriter, type StoredBundles } from '../bundles/bundle-store.js';
import { diffBundle } from '../bundles/diff-bundle.js';
import { KindCatalogs } from '../bundles/kind-catalogs.js';
import { DriftRepairer } from '../drift/drift-repairer.js';
import { OwnershipReclaimer } from '../drift/ownership-reclaimer.js';
import { ClusterWatch } from '../informers/cluster-watch.js';
import { DependentEventHandler } from '../informers/dependent-event-handler.js';
import { ObjectEventHandler } from '../informers/object-event-handler.js';
import { WatchFailures } from '../informers/watch-failures.js';
import { retryAllBlocked, retryGroup } from '../instances/blocked-changes.js';
import { CrashLogs, logReader } from '../instances/crash-logs.js';
import type { Instance } from '../instances/instance.js';
import { InstanceIndex } from '../instances/instance-index.js';
import { DeletionHolder } from '../removal/deletion-holder.js';
import { InstanceRemover } from '../removal/instance-remover.js';
import { VolumeIndex } from '../removal/volumes.js';
import { type ResyncSteps, resyncSteps } from '../resync/resync.js';
import { InstanceSecrets } from '../secrets/instance-secrets.js';
import { StatusReporter } from '../status/status-reporter.js';
import { type BundleControllerOptions, standardBlockedBackoff } from './bundle-controller-options.js';
import { BundleReconciler } from './bundle-reconciler.js';
import { GrowthCheck } from './growth-check.js';
import { isUnfinished } from './plan.js';
import { Pruner } from './pruner.js';
import { inRequestTrace } from './request-trace.js';

/** Timeout for storing checkpoints at shutdown. A checkpoint that is lost costs one more apply per object. */
const finalCheckpointsMs = 3_000;

/** With more unfinished reconciles than this, objects are applied first and status reports are delayed. */
const maxReconcilesWithoutDelay = 4;
const statusDelayUnderLoadMs = 30_000;

/** Reconciles all instances of the cluster with their bundles, whether the plane is connected or not. */
export class BundleController {
  readonly instances: InstanceIndex;
  readonly #applier: ObjectApplier;
  readonly #writer: RecordWriter;
  readonly #store: BundleStore;
  readonly #watch: ClusterWatch;
  readonly #kinds: KindCatalogs;
  readonly #secrets: InstanceSecrets;
  readonly #reporter: StatusReporter;
  readonly #receiver: BundleReceiver;
  readonly #reconciler: BundleReconciler;
  readonly #remover: InstanceRemover;
  readonly #holder: DeletionHolder;
  readonly #queue: WorkQueue<string>;
  readonly #statusQueue: WorkQueue<string>;
  readonly #checkpointQueue: WorkQueue<string>;

  constructor(private readonly options: BundleControllerOptions) {
    const { client, clock = systemClock, deletionBlockedAfterMs, removalRequeueMs } = options;
    const { blockedBackoff = standardBlockedBackoff } = options;
    const kinds = (this.#kinds = new KindCatalogs(options.logger));
    const instances = (this.instances = new InstanceIndex(kinds));
    const report = (instance: Instance) => this.#queueStatus(instance);
    const conflicts = new ConflictBackoff({ clock, ...options.conflicts });
    const volumes = new VolumeIndex();
    const failures = new WatchFailures();
    this.#applier = new ObjectApplier(client);
    this.#store = new BundleStore(client, options.namespace, options.term);
    this.#writer = new RecordWriter(this.#store);
    this.#reporter = new StatusReporter(options.plane, failures, (instance) => this.#queueCheckpoint(instance));
    const areClaimsListed = () => this.#watch.unlistedKinds.length === 0;
    this.#reconciler = new BundleReconciler({
      repairer: new DriftRepairer(client, this.#applier, conflicts, clock, areClaimsListed),
      pruner: new Pruner(client, this.#writer),
      reclaimer: new OwnershipReclaimer(client, clock, options.ownershipQuietMs),
      growth: new GrowthCheck(client),
      conflicts,
      clock,
      blockedBackoff,
      report,
      openSecrets: (instance) => this.#secrets.open(instance),
    });
    this.#remover = new InstanceRemover({
      client,
      clock,
      volumes,
      deletionBlockedAfterMs,
      requeueMs: removalRequeueMs,
      blockedBackoff,
      report,
    });
    this.#holder = new DeletionHolder(client, instances, this.#writer, clock);
    this.#receiver = new BundleReceiver({
      client,
      instances,
      writer: this.#writer,
      kinds,
      clock,
      onReceived: (instance, isRepeat) => this.#startReconcile(instance, isRepeat),
    });
    const enqueue = ({ osid }: Instance) => this.#queue.add(osid);
    const dependents = new DependentEventHandler(instances, clock, new CrashLogs(logReader(client)), report, enqueue);
    const handler = new ObjectEventHandler({ instances, dependents, volumes, clock, enqueue, report });
    this.#watch = new ClusterWatch({
      ...options,
      clock,
      instances,
      handler,
      failures,
      onCommonKindsListed: () => this.#startReports(),
      onFailuresChanged: () => this.#queueAllStatuses(),
      onGroupChanged: (group) => this.#requeue((instance) => retryGroup(instance, group)),
      onRightRestored: ({ namespace }) =>
        this.#requeue((instance) => (namespace ?? instance.osid) === instance.osid && instance.retryRefused()),
    });
    this.#secrets = new InstanceSecrets({ ...options, applier: this.#applier, clock }, this.#watch.informers);
    const onResult = (osid: string, result: ReconcileResult) => this.#logResult(osid, result);
    this.#queue = new WorkQueue({
      clock,
      maxConcurrentReconciles: options.concurrency,
      reconcile: (osid, signal) => this.#reconcile(osid, signal),
      onResult,
    });
    this.#statusQueue = new WorkQueue({ clock, reconcile: (osid) => this.#reportStatus(osid), onResult });
    this.#checkpointQueue = new WorkQueue({
      clock,
      maxConcurrentReconciles: 2,
      reconcile: (osid) => this.#writeCheckpoint(osid),
      onResult,
    });
    const labels = { name: 'cluster-agent' };
    gauge('workqueue_depth', () => [{ value: this.#queue.backlog.depth, labels }]);
    gauge('workqueue_oldest_age_seconds', () => [{ value: this.#queue.backlog.oldestMs / 1_000, labels }]);
  }

  /** Reads the stored bundles. Rejects if the cluster cannot be read. */
  load(): Promise<StoredBundles> {
    return this.#store.load({
      onRecord: (record) => {
        const instance = this.instances.add(record);
        if (!record.removing) instance.observeBundle(instance.desiredObjects());
        instance.resumeRequest();
        this.#holder.resume(instance);
      },
      onUnreadable: (secret, err) => this.options.logger.error({ err, secret }, 'cannot read a stored bundle'),
    });
  }

  /** Starts informers and reconciles. */
  start(): void {
    this.#watch.start();
    for (const instance of this.instances.all()) {
      this.#watch.informers.start(instance.record.inventory);
      this.#secrets.resume(instance);
      if (isUnfinished(instance)) this.#queue.add(instance.osid);
    }
  }

  /** Resolves when all informers started so far have listed their kinds. */
  synced(): Promise<void> {
    return this.#watch.informers.synced();
  }

  applyBundle = (bundle: Bundle) => this.#receiver.receiveBundle(bundle);

  deleteBundle = (input: ReadInputOf<typeof DELETE_BUNDLE>) => this.#receiver.receiveDeletion(input);

  readBundle = (input: ReadInputOf<typeof READ_BUNDLE>) => this.#receiver.readBundle(input);

  holdDeletion = (input: ReadInputOf<typeof HOLD_DELETION>) => this.#holder.hold(input);

  diffBundle(bundle: Bundle) {
    const options = { ...this.options, catalogs: this.#kinds };
    return diffBundle(options, bundle, this.instances.get(bundle.osid));
  }

  /** Attempts blocked custom resources again, because an add-on was installed or upgraded. */
  retryCustomResources(): void {
    this.#requeue((instance) => retryAllBlocked(instance, ({ ref }) => isCustomGroup(ref.apiVersion)));
  }

  /** What keeps the agent from its work in the whole cluster, and the kinds that it has not listed yet. */
  get observation(): Pick<ClusterWatch, 'problems' | 'unlistedKinds'> {
    return this.#watch;
  }

  /** Number and root hash of the stored bundles. */
  summary(): { count: number; root: string } {
    const entries = this.instances.entries();
    return { count: entries.length, root: rootOf(entries) };
  }

  /** Compares with the plane the stored bundles, the statuses that it has acknowledged, and the namespaces. */
  get resync(): ResyncSteps {
    return resyncSteps(this.instances, this.options.plane, this.#reporter, this.options.client);
  }

  /** Stops informers and reconciles, then stores the checkpoints. Nothing is stored after the end of the term. */
  async stop(): Promise<void> {
    await Promise.all([this.#watch.stop(), this.#queue.stop()]);
    await Promise.all([this.#statusQueue.stop(), this.#checkpointQueue.stop()]);
    const signal = AbortSignal.timeout(finalCheckpointsMs);
    for (const instance of this.instances.all()) await this.#writeFinalCheckpoint(instance, signal);
  }

  #startReconcile(instance: Instance, isRepeat: boolean): void {
    withoutTrace(() => this.#watch.informers.start(instance.record.inventory));
    if (instance.record.removing) this.#secrets.close(instance);
    if (isRepeat) {
      this.#reporter.reportAgain(instance);
      retryAllBlocked(instance);
      instance.retryRefused();
    }
    this.#queue.add(instance.osid);
  }

  #requeue(mustRetry: (instance: Instance) => boolean): void {
    for (const instance of this.instances.all()) if (mustRetry(instance)) this.#queue.add(instance.osid);
  }

  async #reconcile(osid: string, signal: AbortSignal): Promise<ReconcileResult> {
    const instance = this.instances.get(osid);
    if (instance === undefined || instance.record.revision === 0) return reconciled();
    const request = instance.openRequest;
    if (this.#queue.unfinished <= maxReconcilesWithoutDelay) this.#statusQueue.flushDelayed();
    const result = await inRequestTrace(instance, async () => {
      if (instance.record.removing) return this.#remover.reconcile(instance, signal);
      const reconciledBundle = await this.#reconciler.reconcile(instance, signal);
      this.#queueCheckpoint(instance);
      return reconciledBundle;
    });
    if (result.kind !== 'error') instance.recordReconciled(request);
    return result;
  }

  /** Under load, status reports are delayed up to 30 s so that applies go first. Later ones replace earlier ones. */
  #queueStatus({ osid }: Instance): void {
    const isLoaded = this.#queue.unfinished > maxReconcilesWithoutDelay;
    this.#statusQueue.addAfter(osid, isLoaded ? statusDelayUnderLoadMs : 0);
  }

  #reportStatus(osid: string): Promise<ReconcileResult> {
    const instance = this.instances.get(osid);
    if (instance !== undefined) this.#reporter.report(instance);
    return Promise.resolve(reconciled());
  }

  #queueCheckpoint(instance: Instance): void {
    if (instance.removal?.isAcknowledged) this.#checkpointQueue.add(instance.osid);
    else if (instance.isCheckpointStale) {
      this.#checkpointQueue.addAfter(instance.osid, this.options.checkpointDelayMs ?? 30_000);
    }
  }

  /** Stores the checkpoint, or deletes the record of a removed instance. */
  async #writeCheckpoint(osid: string): Promise<ReconcileResult> {
    const instance = this.instances.get(osid);
    if (instance === undefined) return reconciled();
    if (!instance.removal?.isAcknowledged) {
      await this.#writer.writeCheckpoint(instance);
      return reconciled();
    }
    await this.#writer.delete(instance);
    this.instances.delete(instance);
    this.#reporter.delete(osid);
    this.#secrets.close(instance);
    return reconciled();
  }

  async #writeFinalCheckpoint(instance: Instance, signal: AbortSignal): Promise<void> {
    if (instance.record.removing || signal.aborted || !this.options.term.isHeld) return;
    try {
      await this.#writer.writeCheckpoint(instance, signal);
    } catch (err) {
      const { osid } = instance;
      this.options.logger.warn({ err, osid }, 'checkpoint not stored at shutdown: its objects are applied once more');
    }
  }

  #logResult(osid: string, result: ReconcileResult): void {
    if (result.kind === 'error') this.options.logger.warn({ osid, err: result.cause }, 'reconcile failed; retrying');
  }

  #startReports(): void {
    this.#reporter.start();
    this.#queueAllStatuses();
  }

  #queueAllStatuses(): void {
    for (const instance of this.instances.all()) this.#queueStatus(instance);
  }
}
