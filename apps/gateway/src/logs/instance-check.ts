import { type Clock, faultOf } from '@runos/kernel';

/** After this the instance is requested again while the reconciler does not answer, ms. */
const retryMs = 15_000;

/** Whether the instance of a followed log is there. The reconciler gets a request after an event only. */
export class InstanceCheck {
  /** When the reconciler gets a request, on the monotonic clock. */
  #requestAt = Infinity;

  /** `show` requests the instance, and rejects if there is none. */
  constructor(
    private readonly show: () => Promise<unknown>,
    private readonly clock: Clock,
  ) {}

  /** The instance may have been removed. */
  notify(): void {
    this.#requestAt = 0;
  }

  /** Also true while the reconciler does not answer. */
  async exists(): Promise<boolean> {
    if (this.clock.monotonicMs() < this.#requestAt) return true;
    this.#requestAt = Infinity; // before the request, so that an event during it is not lost
    try {
      await this.show();
      return true;
    } catch (error) {
      const code = faultOf(error)?.code;
      if (code === undefined) throw error;
      if (code.endsWith('.not_found')) return false;
      this.#requestAt = Math.min(this.#requestAt, this.clock.monotonicMs() + retryMs);
      return true;
    }
  }
}
