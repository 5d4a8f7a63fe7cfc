/** A map that forgets its oldest entries. */
export class RecentEntries<V> {
  readonly #entries = new Map<string, V>();

  constructor(private readonly maxSize: number) {}

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** Makes the entry the newest one. */
  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.maxSize && oldest !== undefined) this.#entries.delete(oldest);
  }
}
