import { Injectable } from '@nestjs/common';
import { Database } from '@runos/persistence';
import { InjectConfig, type ReconcilerConfig } from './config.js';

/** Rows deleted by one statement: none of them holds locks for long. */
const atOnce = 5_000;

/** Forgets ended jobs, events and revisions that nobody will ask for any more. Several replicas may do it at once. */
@Injectable()
export class Housekeeping {
  constructor(
    private readonly database: Database,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  async run(): Promise<void> {
    const { jobKeepDays, eventKeepDays, revisionsKept } = this.config;
    const dayMs = 86_400_000;
    await this.#delete('job_ref', 'completed_at < now() - ms($1)', jobKeepDays * dayMs);
    await this.#delete('instance_event', 'at < now() - ms($1)', eventKeepDays * dayMs);
    await this.#delete(
      'revision',
      'EXISTS (SELECT 1 FROM instance i WHERE i.id = instance_id AND i.revision - revision.revision > $1)',
      revisionsKept,
    );
  }

  /** Until nothing is left that `where` says, with `value` as its only parameter. */
  async #delete(table: 'job_ref' | 'instance_event' | 'revision', where: string, value: number): Promise<void> {
    for (let gone = atOnce; gone === atOnce;) {
      const rows = await this.database.query(
        `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} WHERE ${where} LIMIT ${atOnce})) RETURNING 1`,
        [value],
      );
      gone = rows.length;
    }
  }
}
