import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectConfig } from '@runos/messaging';
import type { AgentGatewayConfig } from '../config.js';
import { ReplicaRepository } from './replica-repository.js';

/**
 * The lease of this replica, by the clock of the database. Its sessions count as open while it lasts, so its renewal
 * waits for no other statement.
 */
@Injectable()
export class ReplicaLease {
  #id = randomUUID();

  constructor(
    private readonly replicas: ReplicaRepository,
    @InjectConfig() private readonly config: AgentGatewayConfig,
  ) {}

  /** Changes when the lease has expired; the sessions of the old id are moved to the new one. */
  get id(): string {
    return this.#id;
  }

  acquire(): Promise<void> {
    return this.replicas.add(this.#id, this.config.replicaId, this.config.leaseMs);
  }

  /** Returns false when the lease had expired and a new one was acquired: its sessions belong to the old id until they are moved. */
  async renew(): Promise<boolean> {
    if (await this.replicas.renew(this.#id, this.config.leaseMs)) return true;
    this.#id = randomUUID();
    await this.acquire();
    return false;
  }

  /** Ends the lease now, so that other replicas close the sessions that are still open. */
  release(): Promise<void> {
    return this.replicas.expire(this.#id);
  }
}
