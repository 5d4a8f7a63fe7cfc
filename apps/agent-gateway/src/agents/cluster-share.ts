import { Injectable } from '@nestjs/common';
import { ConcurrencyLimit } from '@runos/engine';
import { InjectConfig } from '@runos/messaging';
import { poolShare } from '@runos/persistence';
import type { AgentGatewayConfig } from '../config.js';
import { type AgentKey, clusterText } from './agent-repository.js';

/**
 * Bounds the connections to the database that work for the agents of one cluster, and for all agents. So whatever locks
 * the statements of one cluster wait for, those of others and of the plane go on. Work in it must not run other work in it.
 */
@Injectable()
export class ClusterShare {
  readonly #limit: ConcurrencyLimit;

  constructor(@InjectConfig() { databasePoolSize }: Pick<AgentGatewayConfig, 'databasePoolSize'>) {
    this.#limit = new ConcurrencyLimit(poolShare(databasePoolSize));
  }

  /** Runs statements for an agent when its cluster has a free place. */
  run<T>(agent: Pick<AgentKey, 'aid' | 'cid'>, statements: () => Promise<T>): Promise<T> {
    return this.#limit.run(clusterText(agent), statements);
  }
}
