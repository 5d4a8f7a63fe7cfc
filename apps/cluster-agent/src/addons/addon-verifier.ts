import { exponentialBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import { isForeign, type KubeObject, ownedHash, type ObjectRef, printRef, refKey, refOf } from '@runos/kube-objects';
import type { Logger } from '@runos/observability';
import { addonLabel, isOfAddon, restoreLabels } from './addon-manifest.js';
import { type AddonRecord, addonRecordOf } from './addon-store.js';

export interface AddonVerifierOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** An installation or a removal is running. Its own changes are no damage, so nothing is compared before its end. */
  readonly isChanging: () => boolean;
  /** What `problemOf` returns of an add-on has changed. */
  readonly onChange: () => void;
}

/** Why an object of an add-on is not as it was applied. */
export interface ObjectProblem {
  readonly message: string;
  /** An apply repairs it. An object without our labels is not written. */
  readonly isDamage: boolean;
}

/** Time until all objects are read again, ms: 30 to 60 s. 31 objects of CloudNativePG cost one request per second. */
const pause = exponentialBackoff({ firstMs: 60_000, maxMs: 60_000 });

/** Events that follow each other are answered by one round, ms. */
const lingerMs = 200;

/** Who damages an object again at once causes at most one repair in this time, ms. */
const damagePauseMs = 30_000;

interface Expected {
  readonly addon: string;
  readonly ref: ObjectRef;
  readonly hash: string;
}

/**
 * Compares the recorded objects of add-ons with what was applied. A reported change of a watched kind is compared at
 * once. All objects are compared once a minute, because the agent may watch two of their kinds only. An unchanged object
 * costs a request for its metadata.
 */
export class AddonVerifier {
  /** By the key of the Secret. */
  readonly #records = new Map<string, AddonRecord>();
  readonly #problems = new Map<string, ObjectProblem>();
  /** Of objects without a problem: the resourceVersion and the hash that were compared. */
  readonly #verified = new Map<string, string>();
  readonly #pending = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #wake = new AbortController();
  #round: Promise<void> = Promise.resolve();
  /** Times of the monotonic clock, ms. */
  #damagedAt = -Infinity;
  #nextFullAt: number;

  constructor(private readonly options: AddonVerifierOptions) {
    this.#nextFullAt = options.clock.monotonicMs() + pause(1);
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#running;
  }

  /** The first problem of the add-on, damage first. */
  problemOf(addon: string): ObjectProblem | undefined {
    const keys = [...this.#expected()].filter(([, expected]) => expected.addon === addon).map(([key]) => key);
    const problems = keys.flatMap((key) => this.#problems.get(key) ?? []);
    return problems.find(({ isDamage }) => isDamage) ?? problems[0];
  }

  /** A watch reports a change or the deletion of an object. */
  observe(object: KubeObject): void {
    const key = refKey(refOf(object));
    if (!this.#expected().has(key)) return;
    this.#pending.add(key);
    if (this.options.clock.monotonicMs() - this.#damagedAt >= damagePauseMs) this.#wake.abort();
  }

  observeRecord(secret: KubeObject): void {
    const record = addonRecordOf(secret);
    if (record === undefined) return this.forgetRecord(secret);
    this.#records.set(refKey(refOf(secret)), record);
    this.verifyAll();
  }

  forgetRecord(secret: KubeObject): void {
    this.#records.delete(refKey(refOf(secret)));
  }

  retainRecords(keys: ReadonlySet<string>): void {
    for (const key of this.#records.keys()) if (!keys.has(key)) this.#records.delete(key);
  }

  /** Resolves when the comparison that runs now has ended. */
  idle(): Promise<void> {
    return this.#round;
  }

  /** Compares all objects now. */
  verifyAll(): void {
    this.#nextFullAt = this.options.clock.monotonicMs();
    this.#wake.abort();
  }

  #expected(): Map<string, Expected> {
    const entries = [...this.#records.values()].flatMap(({ name, inventory, hashes = {} }) =>
      inventory.flatMap((ref) => {
        const hash = hashes[refKey(ref)];
        return hash === undefined ? [] : [[refKey(ref), { addon: name, ref, hash }] as const];
      }),
    );
    return new Map(entries);
  }

  async #run(): Promise<void> {
    const { clock } = this.options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await clock.sleep(Math.max(0, this.#nextFullAt - clock.monotonicMs()), this.#wake.signal);
      await clock.sleep(lingerMs, signal);
      this.#wake = new AbortController();
      const isFull = clock.monotonicMs() >= this.#nextFullAt;
      if (isFull) this.#nextFullAt = clock.monotonicMs() + pause(1);
      if (signal.aborted || this.options.isChanging()) continue;
      if (isFull) for (const key of this.#expected().keys()) this.#pending.add(key);
      this.#round = this.#verifyPending();
      await this.#round;
    }
  }

  async #verifyPending(): Promise<void> {
    const expected = this.#expected();
    const pending = [...this.#pending];
    this.#pending.clear();
    const before = JSON.stringify([...this.#problems]);
    for (const key of this.#problems.keys()) if (!expected.has(key)) this.#problems.delete(key);
    for (const key of pending) {
      const object = expected.get(key);
      if (object !== undefined) await this.#verifyOne(key, object);
    }
    if (JSON.stringify([...this.#problems]) !== before) this.options.onChange();
  }

  /** An object that cannot be read keeps its last result. */
  async #verifyOne(key: string, expected: Expected): Promise<void> {
    const { logger, clock } = this.options;
    try {
      const problem = await this.#problemOf(key, expected);
      if (problem === undefined) return void this.#problems.delete(key);
      if (this.#problems.get(key)?.message === problem.message) return;
      this.#problems.set(key, problem);
      if (problem.isDamage) this.#damagedAt = clock.monotonicMs();
      logger.warn({ addon: expected.addon, reason: problem.message }, 'an object of an add-on is not as applied');
    } catch (err) {
      if (this.#stopping.signal.aborted) return;
      logger.warn({ err, addon: expected.addon }, 'an object of an add-on cannot be verified; retrying');
    }
  }

  async #problemOf(key: string, { addon, ref, hash }: Expected): Promise<ObjectProblem | undefined> {
    const { client } = this.options;
    const { signal } = this.#stopping;
    const found = await client.find(ref, { metadataOnly: true, signal });
    if (found === undefined || found.metadata.deletionTimestamp !== undefined) {
      return { message: `${printRef(ref)} was deleted.`, isDamage: true };
    }
    if (!isOfAddon(found, addon)) {
      const message = `${printRef(ref)} lost its label ${addonLabel} or its owner label. ${restoreLabels(ref, addon)}`;
      return { message, isDamage: false };
    }
    const state = `${found.metadata.resourceVersion} ${hash}`;
    if (this.#verified.get(key) === state) return undefined;
    const live = await client.find(ref, { signal });
    if (live === undefined || ownedHash(live) !== hash) {
      return { message: `${printRef(ref)} was changed${live ? lastWriter(live) : ''}.`, isDamage: true };
    }
    this.#verified.set(key, `${live.metadata.resourceVersion} ${hash}`);
    return undefined;
  }
}

/** The manager that wrote last, beside us and beside the status. */
function lastWriter({ metadata: { managedFields = [] } }: KubeObject): string {
  const writes = managedFields.filter((entry) => isForeign(entry) && entry.subresource === undefined);
  const [last] = writes.sort((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1));
  return last?.manager === undefined ? '' : `, last by ${last.manager}`;
}
