import { createHash } from 'node:crypto';
import { RecentEntries } from './recent-entries.js';

/** Recent responses and entries of lists; most of them are received again soon or never. */
const maxBodies = 5_000;

/** Stores equal JSON bodies, and equal entries of their lists, once as long as they are recent. */
export class SharedBodies {
  readonly #bodies = new RecentEntries<unknown>(maxBodies);

  /** Returns the earlier body that is equal to this one, or this one with shared entries. */
  share(body: unknown): unknown {
    if (typeof body !== 'object' || body === null) return body;
    return this.#once(body, () =>
      Object.fromEntries(
        Object.entries(body).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.map((entry: unknown) => this.#once(entry, () => entry)) : (value as unknown),
        ]),
      ),
    );
  }

  #once(value: unknown, make: () => unknown): unknown {
    const key = createHash('sha256')
      .update(JSON.stringify(value) ?? '')
      .digest('base64');
    const body = this.#bodies.get(key) ?? make();
    this.#bodies.set(key, body);
    return body;
  }
}
