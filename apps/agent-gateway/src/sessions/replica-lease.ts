import { randomUUID } from 'node:crypto';
import type { Database } from '@runos/persistence';

/** This process as one of several: alive as long as its lease, by the database's clock. */
export class ReplicaLease {
  #id = randomUUID();

  constructor(
    private readonly database: Database,
    private readonly name: string,
    private readonly leaseMs: number,
  ) {}

  /** Changes when a lease was overslept: whoever held the old id is gone for good. */
  get id(): string {
    return this.#id;
  }

  async take(): Promise<void> {
    await this.database.query(
      `INSERT INTO replica (id, name, lease_until) VALUES ($1, $2, now() + $3::float8 * interval '1 ms')`,
      [this.#id, this.name, this.leaseMs],
    );
  }

  /** False when the lease had ended before: everything held under it must be dropped. A new one is taken then. */
  async renew(): Promise<boolean> {
    const rows = await this.database.query(
      `WITH renewed AS (
         UPDATE replica SET lease_until = now() + $2::float8 * interval '1 ms'
         WHERE id = $1 AND lease_until > now() RETURNING 1)
       SELECT 1 FROM renewed`,
      [this.#id, this.leaseMs],
    );
    if (rows.length > 0) return true;
    this.#id = randomUUID();
    await this.take();
    return false;
  }

  /** Gives it up: what is still open under it counts as gone at once. */
  async end(): Promise<void> {
    await this.database.query('UPDATE replica SET lease_until = now() WHERE id = $1', [this.#id]);
  }
}
