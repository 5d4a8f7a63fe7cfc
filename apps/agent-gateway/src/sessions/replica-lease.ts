import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@runos/messaging';
import { ReservedDatabase } from '@runos/persistence';
import type { AgentGatewayConfig } from '../config.js';

/**
 * The lease of this replica, by the clock of the database. Its sessions count as open while it lasts, so its renewal
 * waits for no other statement.
 */
@Injectable()
export class ReplicaLease {
  #id = randomUUID();

  constructor(
    private readonly database: ReservedDatabase,
    @InjectConfig() private readonly config: AgentGatewayConfig,
  ) {}

  /** Changes when the lease has expired; the sessions of the old id are moved to the new one. */
  get id(): string {
    return this.#id;
  }

  async acquire(): Promise<void> {
    await this.database.query(
      `INSERT INTO replica (id, name, lease_expires_at) VALUES ($1, $2, now() + $3::float8 * interval '1 ms')`,
      [this.#id, this.config.replicaId, this.config.leaseMs],
    );
  }

  /** Returns false when the lease had expired and a new one was acquired: its sessions belong to the old id until they are moved. */
  async renew(): Promise<boolean> {
    const rows = await this.database.query(
      `WITH renewed AS (
         UPDATE replica SET lease_expires_at = now() + $2::float8 * interval '1 ms'
         WHERE id = $1 AND lease_expires_at > now() RETURNING 1)
       SELECT 1 FROM renewed`,
      [this.#id, this.config.leaseMs],
    );
    if (rows.length > 0) return true;
    this.#id = randomUUID();
    await this.acquire();
    return false;
  }

  /** Ends the lease now, so that other replicas close the sessions that are still open. */
  async release(): Promise<void> {
    await this.database.query('UPDATE replica SET lease_expires_at = now() WHERE id = $1', [this.#id]);
  }
}
