import type { EntityManager } from 'typeorm';
import { runSql } from '../transactions/database.js';

/** The result of one batch. */
export interface RetentionBatch {
  readonly deleted: number;
  /** Where the next batch starts; undefined when nothing is left. */
  readonly next: string | undefined;
}

/** How long the rows of one table are kept. */
export interface RetentionRule {
  readonly table: string;
  /** Deletes one batch in the transaction of the caller. `after` is the `next` of the batch before it. */
  deleteBatch(sql: EntityManager, after: string | undefined): Promise<RetentionBatch>;
}

interface ExpiredRows {
  readonly table: string;
  /** SQL condition of the rows to delete. An index has to find them. */
  readonly condition: string;
  readonly values?: readonly unknown[];
  /** Rows per transaction, so that none holds row locks for long. Default 1000. */
  readonly batchSize?: number;
}

/** Deletes every row that meets a condition. Rows that a transaction has locked are left to the next run. */
export function expiredRows({ table, condition, values = [], batchSize = 1_000 }: ExpiredRows): RetentionRule {
  const expired = `SELECT ctid FROM ${table} WHERE ${condition} LIMIT ${batchSize} FOR UPDATE SKIP LOCKED`;
  return {
    table,
    deleteBatch: async (sql) => {
      const rows = await runSql(sql, `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(${expired})) RETURNING 1`, values);
      return { deleted: rows.length, next: rows.length === batchSize ? 'the next rows' : undefined };
    },
  };
}
