import type { StoredMessage } from '@runos/contracts';
import type { EntityManager } from 'typeorm';
import { afterCommit } from '../transactions/database.js';
import { runSql } from '../transactions/run-sql.js';

const listeners = new Set<() => void>();

/** Calls `listener` after each commit of this process that wrote to an outbox, before the notification arrives. */
export function onOutboxWrite(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const notifyListeners = () => listeners.forEach((listener) => listener());

/** Writes events to the outbox: published in this order after the commit, never after a rollback. */
export async function addToOutbox(manager: EntityManager, ...messages: readonly StoredMessage[]): Promise<void> {
  if (messages.length === 0) return;
  await runSql(
    manager,
    `INSERT INTO outbox (id, subject, body, headers)
     SELECT id, subject, body, headers
       FROM jsonb_to_recordset($1::jsonb) AS m(id uuid, subject text, body jsonb, headers jsonb)`,
    [JSON.stringify(messages)],
  );
  afterCommit(manager, notifyListeners);
}
