import { Injectable } from '@nestjs/common';
import { ReservedDatabase } from '@runos/persistence';

/** The leases of the replicas of this service. Their statements wait for no other one. */
@Injectable()
export class ReplicaRepository {
  constructor(private readonly database: ReservedDatabase) {}

  async add(id: string, name: string, leaseMs: number): Promise<void> {
    await this.database.query(
      `INSERT INTO replica (id, name, lease_expires_at) VALUES ($1, $2, now() + $3::float8 * interval '1 ms')`,
      [id, name, leaseMs],
    );
  }

  /** Renews a lease; false when it has expired. */
  async renew(id: string, leaseMs: number): Promise<boolean> {
    const rows = await this.database.query(
      `WITH renewed AS (
         UPDATE replica SET lease_expires_at = now() + $2::float8 * interval '1 ms'
         WHERE id = $1 AND lease_expires_at > now() RETURNING 1)
       SELECT 1 FROM renewed`,
      [id, leaseMs],
    );
    return rows.length > 0;
  }

  /** Ends a lease now. */
  async expire(id: string): Promise<void> {
    await this.database.query('UPDATE replica SET lease_expires_at = now() WHERE id = $1', [id]);
  }
}
