import { type Clock, systemClock } from '@runos/kernel';

export interface BatcherOptions<In, Out> {
  /** Does all of it at once, or nothing; answers in the same order. */
  run(items: readonly In[]): Promise<readonly Out[]>;
  readonly atMost: number;
  /** After several at once the next ones are gathered for so long, ms. Default: not at all. */
  readonly gatherMs?: number;
  /** A batch that takes longer does not hold up the next one, ms. Default 250. */
  readonly patienceMs?: number;
  readonly clock?: Clock;
}

interface Waiting<In, Out> {
  readonly item: In;
  resolve(out: Out): void;
  reject(cause: unknown): void;
}

/**
 * Does together what comes at the same time or while the last is being done: who is alone waits for nobody, and in a
 * rush one round trip serves many.
 */
export class Batcher<In, Out> {
  #waiting: Waiting<In, Out>[] = [];
  #working = false;

  constructor(private readonly options: BatcherOptions<In, Out>) {}

  /** What `run` answered for this item. What others of the same batch fail for does not fail this one. */
  add(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#working) void this.#work();
    });
  }

  async #work(): Promise<void> {
    const { atMost, gatherMs = 0, patienceMs = 250, clock = systemClock } = this.options;
    this.#working = true;
    await Promise.resolve(); // for what comes in the same turn of the event loop
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, atMost);
      const over = new AbortController();
      const done = this.#do(batch).finally(() => over.abort());
      await Promise.race([done, clock.sleep(patienceMs, over.signal)]);
      if (batch.length > 1 && batch.length < atMost && gatherMs > 0) await clock.sleep(gatherMs);
    }
    this.#working = false;
  }

  async #do(batch: readonly Waiting<In, Out>[]): Promise<void> {
    let outs: readonly Out[];
    try {
      outs = await this.options.run(batch.map(({ item }) => item));
      if (outs.length !== batch.length) throw new Error(`${batch.length} items have ${outs.length} answers`);
    } catch (cause) {
      if (batch.length === 1) return batch[0].reject(cause);
      await Promise.all(batch.map((one) => this.#do([one])));
      return;
    }
    batch.forEach(({ resolve }, index) => resolve(outs[index]));
  }
}
