import { Injectable } from '@nestjs/common';
import { Batcher } from '@runos/engine';
import { Database } from '@runos/persistence';
import type { InstanceRow } from '../schema/instance-row.js';
import { DivergenceRepository, type EarlierRevision } from './divergence-repository.js';

/** Instances per read. */
const maxBatchSize = 100;

/** Reads the history that a bundle carries; deliveries that run together share a statement. */
@Injectable()
export class EarlierRevisions {
  readonly #batcher: Batcher<number, readonly EarlierRevision[]>;

  constructor(database: Database, divergences: DivergenceRepository) {
    this.#batcher = new Batcher({
      maxBatchSize,
      run: async (ids) => {
        const found = await divergences.earlierRevisions(database.manager, ids);
        return ids.map((id) => found.get(id) ?? []);
      },
    });
  }

  /** Empty for the first revision, without a statement. */
  async of({ id, revision }: InstanceRow): Promise<readonly EarlierRevision[]> {
    return revision === 1 ? [] : this.#batcher.add(id);
  }
}
