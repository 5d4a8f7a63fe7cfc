interface Bucket {
  left: number;
  at: number;
}

export interface Rate {
  readonly perMinute: number;
  readonly burst: number;
}

/** No more keys than this are remembered: the longest unused is forgotten, and so starts anew. */
const maxKeys = 10_000;

/** How often something may happen per key: `burst` at once, `perMinute` in the long run. */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>();

  constructor(private readonly rate: Rate) {}

  /** Whether it may happen now; if so it counts. */
  allows(key: string): boolean {
    const { burst, perMinute } = this.rate;
    const now = performance.now();
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 60_000) * perMinute);
    bucket.at = now;
    const allowed = bucket.left >= 1;
    if (allowed) bucket.left -= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const oldest = this.#buckets.keys().next().value;
    if (this.#buckets.size > maxKeys && oldest !== undefined) this.#buckets.delete(oldest);
    return allowed;
  }
}
