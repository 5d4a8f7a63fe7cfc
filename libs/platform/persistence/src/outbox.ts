import type { StoredMessage } from '@runos/contracts';
import type { EntityManager } from 'typeorm';
import { afterCommit } from './database.js';
import { runSql } from './run-sql.js';

const written = new Set<() => void>();

/** Called after each commit in this process that wrote to an outbox, without waiting for a notification. */
export function onOutboxWrite(hear: () => void): () => void {
  written.add(hear);
  return () => written.delete(hear);
}

const tellAll = () => written.forEach((hear) => hear());

/** Says that this transaction wrote to the outbox by a statement of its own. */
export const outboxWritten = (manager: EntityManager): void => afterCommit(manager, tellAll);

/** Events of this transaction: published, in this order, once it is committed; never when it is rolled back. */
export async function addToOutbox(manager: EntityManager, ...messages: readonly StoredMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await runSql(
    manager,
    `INSERT INTO outbox (id, subject, body, headers)
     SELECT id, subject, body, headers
       FROM jsonb_to_recordset($1::jsonb) AS m(id uuid, subject text, body jsonb, headers jsonb)`,
    [JSON.stringify(messages)],
  );
  outboxWritten(manager);
}
