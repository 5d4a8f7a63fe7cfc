import { Injectable } from '@nestjs/common';
import { dayMs } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { ReconcilerConfig } from '../config.js';

/** Rows per DELETE statement: none of them holds row locks for long. */
const batchSize = 5_000;

type HousekeptTable = 'job_ref' | 'upgrade_wave' | 'instance_event' | 'revision';

/** Deletes ended jobs and upgrade waves, events and revisions after their retention. Several replicas may run it concurrently. */
@Injectable()
export class Housekeeping {
  constructor(
    private readonly database: Database,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  async run(): Promise<void> {
    const { jobKeepDays, eventKeepDays, revisionsKept } = this.config;
    await this.#delete('job_ref', 'completed_at < now() - ms($1)', jobKeepDays * dayMs);
    await this.#delete('upgrade_wave', 'completed_at < now() - ms($1)', jobKeepDays * dayMs);
    await this.#delete('instance_event', 'at < now() - ms($1)', eventKeepDays * dayMs);
    await this.#delete(
      'revision',
      'EXISTS (SELECT 1 FROM instance i WHERE i.id = instance_id AND i.revision - revision.revision > $1)',
      revisionsKept,
    );
  }

  /** Deletes in batches every row that meets `condition`, whose only parameter is `value`. */
  async #delete(table: HousekeptTable, condition: string, value: number): Promise<void> {
    for (let deleted = batchSize; deleted === batchSize;) {
      const rows = await this.database.query(
        `DELETE FROM ${table}
         WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${batchSize})) RETURNING 1`,
        [value],
      );
      deleted = rows.length;
    }
  }
}
