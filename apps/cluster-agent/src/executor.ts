import { type Bundle, type DELETE_BUNDLE, type ReadInputOf, rootOf } from '@runos/agent-protocol';
import {
  ConflictBackoff,
  type ConflictBackoffOptions,
  reconciled,
  type ReconcileResult,
  WorkQueue,
} from '@runos/engine';
import { type Clock, systemClock } from '@runos/kernel';
import type { KubeClient, InformerOptions } from '@runos/kube-client';
import { gauge, inSpan, type Logger, withoutTrace, SpanKind, traceOf } from '@runos/observability';
import { Applier } from './apply/applier.js';
import { BundleStore } from './bundles/bundle-store.js';
import { diffBundle } from './bundles/diff-bundle.js';
import { Intake } from './bundles/intake.js';
import { RecordKeeper } from './bundles/record-keeper.js';
import { turnsAtOnce } from './cluster-agent-config.js';
import { Repairer } from './drift/repairer.js';
import type { Instance } from './instances/instance.js';
import { Registry } from './instances/registry.js';
import { Remover } from './removal/remover.js';
import { VolumeIndex } from './removal/volume-index.js';
import { volumeKind } from './removal/volumes.js';
import { resync } from './resync/resync.js';
import { StatusCourier } from './status/status-courier.js';
import type { Uplink } from './status/uplink.js';
import { BundleTurn } from './turns/bundle-turn.js';
import { Pruner } from './turns/pruner.js';
import { Dependents, eventWatch, failedCreateEvents } from './watching/dependents.js';
import { EventRouter } from './watching/event-router.js';
import { kindKey, KindWatches } from './watching/kind-watches.js';

export interface ExecutorOptions {
  readonly client: KubeClient;
  readonly uplink: Uplink;
  readonly logger: Logger;
  /** Where bundles are kept. Default `runos`. */
  readonly namespace?: string;
  readonly clock?: Clock;
  readonly fights?: ConflictBackoffOptions;
  readonly watch?: InformerOptions;
  /** Instances worked on at a time. Default `turnsAtOnce`. */
  readonly concurrency?: number;
  /** From then on a removal tells what holds it up. Default 60 s. */
  readonly heldUpAfterMs?: number;
  /** How often a removal looks by itself; events wake it sooner. Default 5 s. */
  readonly lookAgainMs?: number;
  /** How long what was learnt may stay unwritten. Default 30 s. */
  readonly notesDelayMs?: number;
}

/** What was learnt may take this long to be stored at the end: losing it costs another apply. */
const lastWordsMs = 3_000;

/** More instances on at a time are a rush: they are applied first, and what is on the way is told this much later. */
const rush = 4;
const rushWaitMs = 30_000;

/** What is always around an instance's own objects. */
const surroundings = [
  { apiVersion: 'v1', kind: 'Namespace' },
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
];

/** Keeps every instance of the cluster as its bundle says, with or without the plane. */
export class Executor {
  readonly registry = new Registry();
  readonly #applier: Applier;
  readonly #keeper: RecordKeeper;
  readonly #store: BundleStore;
  readonly #watches: KindWatches;
  readonly #courier: StatusCourier;
  readonly #intake: Intake;
  readonly #turns: BundleTurn;
  readonly #remover: Remover;
  readonly #queue: WorkQueue<string>;
  readonly #statuses: WorkQueue<string>;
  readonly #notes: WorkQueue<string>;
  /** Nothing is said before these were listed once. */
  readonly #unlisted = new Set(surroundings.map(kindKey));

  constructor(private readonly options: ExecutorOptions) {
    const { client, clock = systemClock, logger, heldUpAfterMs = 60_000, lookAgainMs = 5_000 } = options;
    const fights = new ConflictBackoff({ clock, ...options.fights });
    const { concurrency = turnsAtOnce } = options;
    const changed = (instance: Instance) => this.#changed(instance);
    const due = ({ osid }: Instance) => this.#queue.add(osid);
    this.#applier = new Applier(client);
    this.#store = new BundleStore(client, options.namespace ?? 'runos');
    this.#keeper = new RecordKeeper(this.#store);
    this.#courier = new StatusCourier(options.uplink, {
      gone: (instance) => this.#notes.add(instance.osid),
      noted: (instance) => this.#noteLater(instance),
    });
    const repairer = new Repairer(client, this.#applier, fights, clock);
    const pruner = new Pruner(client, this.#keeper);
    this.#turns = new BundleTurn({ applier: this.#applier, repairer, pruner, fights, clock, changed });
    const volumes = new VolumeIndex();
    this.#remover = new Remover({ client, clock, volumes, heldUpAfterMs, lookAgainMs, changed });
    this.#intake = new Intake({
      ...{ client, registry: this.registry, keeper: this.#keeper },
      taken: (instance, again) => this.#taken(instance, again),
    });
    const dependents = new Dependents(this.registry, clock, changed);
    const router = new EventRouter({ registry: this.registry, dependents, volumes, due, changed });
    this.#watches = new KindWatches({
      client,
      clock,
      ...options.watch,
      handlerFor: (kind) => this.#handler(kind, router),
    });
    const warn = (key: string, verdict: ReconcileResult) => {
      if (verdict.kind === 'retrying')
        logger.warn({ osid: key, err: verdict.cause }, 'an instance is tried again later');
    };
    this.#queue = new WorkQueue({
      clock,
      concurrency,
      run: (osid, signal) => this.#turn(osid, signal),
      onVerdict: warn,
    });
    gauge('workqueue_depth', () => [{ value: this.#queue.due.depth, labels: { name: 'cluster-agent' } }]);
    gauge('workqueue_oldest_age_seconds', () => [
      { value: this.#queue.due.oldestMs / 1_000, labels: { name: 'cluster-agent' } },
    ]);
    this.#statuses = new WorkQueue({ clock, run: (osid) => this.#tell(osid), onVerdict: warn });
    this.#notes = new WorkQueue({ clock, concurrency: 2, run: (osid) => this.#note(osid), onVerdict: warn });
  }

  /** Reads what is stored. Rejects if the cluster cannot be read. */
  async load(): Promise<void> {
    const damaged = (name: string, err: unknown) =>
      this.options.logger.error({ err, secret: name }, 'a stored bundle cannot be read');
    for await (const record of this.#store.load(damaged)) {
      const instance = this.registry.add(record);
      if (!record.removing) instance.adopt(instance.rendered());
      if (record.removing || instance.todo.size > 0) instance.trace = record.trace;
    }
  }

  /** Begins to watch, to apply and to repair. */
  begin(): void {
    this.#watches.need(surroundings);
    this.#watches.needSelection(volumeKind);
    this.#watches.needSelection(failedCreateEvents, eventWatch);
    for (const instance of this.registry.all()) {
      this.#watches.need(instance.record.inventory);
      if (instance.record.removing || instance.todo.size > 0) this.#queue.add(instance.osid);
    }
  }

  /** Resolves when every watch begun so far has told everything there is. */
  synced(): Promise<void> {
    return this.#watches.synced();
  }

  apply(bundle: Bundle) {
    return this.#intake.apply(bundle);
  }

  remove(input: ReadInputOf<typeof DELETE_BUNDLE>) {
    return this.#intake.remove(input);
  }

  diff(bundle: Bundle) {
    return diffBundle(this.options.client, this.#applier, bundle, this.registry.get(bundle.osid));
  }

  /** What is stored, in one hash. */
  summary(): { count: number; root: string } {
    const entries = this.registry.entries();
    return { count: entries.length, root: rootOf(entries) };
  }

  /** Compares with the plane, which sends what differs. */
  resync(): Promise<void> {
    return resync(this.registry, this.options.uplink, (instance) => this.#courier.changed(instance));
  }

  /** Ends the turns that are on, stores what was learnt, and resolves when nothing moves any more. */
  async stop(): Promise<void> {
    await Promise.all([this.#watches.stop(), this.#queue.stop()]);
    await Promise.all([this.#statuses.stop(), this.#notes.stop()]);
    const signal = AbortSignal.timeout(lastWordsMs);
    for (const instance of this.registry.all()) await this.#flush(instance, signal);
  }

  #changed({ osid }: Instance): void {
    this.#statuses.add(osid, this.#queue.busy > rush ? rushWaitMs : 0);
  }

  #taken(instance: Instance, again: boolean): void {
    withoutTrace(() => this.#watches.need(instance.record.inventory));
    if (instance.record.removing) instance.todo.clear();
    if (again) this.#courier.repeat(instance);
    this.#queue.add(instance.osid);
  }

  async #turn(osid: string, signal: AbortSignal): Promise<ReconcileResult> {
    const instance = this.registry.get(osid);
    if (instance === undefined || instance.record.revision === 0) return reconciled();
    const { trace } = instance;
    if (this.#queue.busy <= rush) this.#statuses.hasten();
    const verdict = await this.#traced(instance, () => this.#seeTo(instance, signal));
    if (verdict.kind !== 'retrying' && instance.trace === trace) instance.trace = undefined;
    return verdict;
  }

  async #seeTo(instance: Instance, signal: AbortSignal): Promise<ReconcileResult> {
    if (instance.record.removing) return this.#remover.run(instance, signal);
    const verdict = await this.#turns.run(instance, signal);
    this.#noteLater(instance);
    return verdict;
  }

  /** What a write asked for is part of its trace, a repair has one of its own, and merely looking has none. */
  #traced(instance: Instance, work: () => Promise<ReconcileResult>): Promise<ReconcileResult> {
    const { osid, trace, todo } = instance;
    const options = { kind: SpanKind.INTERNAL, attributes: { osid } };
    if (trace !== undefined) return inSpan('apply', { ...options, parent: traceOf(trace) }, work);
    return todo.size > 0 ? inSpan('repair', options, work) : work();
  }

  #noteLater(instance: Instance): void {
    if (instance.notesDue) this.#notes.add(instance.osid, this.options.notesDelayMs ?? 30_000);
  }

  #tell(osid: string): Promise<ReconcileResult> {
    const instance = this.registry.get(osid);
    if (instance !== undefined) this.#courier.changed(instance);
    return Promise.resolve(reconciled());
  }

  async #note(osid: string): Promise<ReconcileResult> {
    const instance = this.registry.get(osid);
    if (instance === undefined) return reconciled();
    if (!instance.removal?.acknowledged) {
      await this.#keeper.flush(instance);
      return reconciled();
    }
    await this.#keeper.remove(instance);
    this.registry.remove(instance);
    this.#courier.forget(osid);
    return reconciled();
  }

  async #flush(instance: Instance, signal: AbortSignal): Promise<void> {
    if (instance.record.removing || signal.aborted) return;
    try {
      await this.#keeper.flush(instance, signal);
    } catch (err) {
      this.options.logger.warn(
        { err, osid: instance.osid },
        'not stored before the end: it is applied once more next time',
      );
    }
  }

  #speak(): void {
    this.#courier.begin();
    for (const instance of this.registry.all()) this.#changed(instance);
  }

  #handler(kind: string, router: EventRouter) {
    return {
      changed: (object: Parameters<EventRouter['seen']>[0]) => router.seen(object),
      removed: (object: Parameters<EventRouter['gone']>[0]) => router.gone(object),
      listed: (keys: ReadonlySet<string>) => {
        router.listed(kind, keys);
        if (this.#unlisted.delete(kind) && this.#unlisted.size === 0) this.#speak();
      },
      broken: (err: unknown) => this.options.logger.warn({ err, kind }, 'a watch broke; it comes back by itself'),
    };
  }
}
