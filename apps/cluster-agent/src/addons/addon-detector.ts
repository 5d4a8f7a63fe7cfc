import type { AddonRecognition } from '@runos/agent-protocol';
import { AddonWatch, type AddonWatchOptions } from './addon-watch.js';

/** Detects the add-ons that the plane requests, and reports them after each connect and when they change. */
export class AddonDetector {
  /** Operations that run. A watch that starts meanwhile does not take their changes for damage either. */
  #changing = 0;
  #watched = '[]';
  #watch: AddonWatch | undefined;
  /** Watches that have not ended yet. */
  readonly #stopping = new Set<Promise<void>>();

  constructor(private readonly options: Omit<AddonWatchOptions, 'addons' | 'isChanging'>) {}

  /** A stream is open, and the plane requests these add-ons; an older plane requests none. */
  connected(addons: readonly AddonRecognition[] = []): void {
    const watched = JSON.stringify(addons);
    if (watched === this.#watched) return this.#watch?.report();
    this.#end();
    this.#watched = watched;
    if (addons.length === 0) return;
    this.#watch = new AddonWatch({ ...this.options, addons, isChanging: () => this.#changing > 0 });
  }

  /** Runs an installation or a removal. What it changes is not reported as damage. */
  async whileChanging<T>(work: () => Promise<T>): Promise<T> {
    this.#changing += 1;
    try {
      await this.#watch?.idle();
      return await work();
    } finally {
      this.#changing -= 1;
      this.#watch?.verify();
    }
  }

  async stop(): Promise<void> {
    this.#end();
    await Promise.all(this.#stopping);
  }

  #end(): void {
    if (this.#watch === undefined) return;
    const stopped: Promise<void> = this.#watch.stop().finally(() => this.#stopping.delete(stopped));
    this.#stopping.add(stopped);
    this.#watch = undefined;
  }
}
