import type { StoredMessage } from '@runos/contracts';
import type { EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { afterCommit, runSql } from '../transactions/database.js';

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

/** The notification names the writer, which skips it. */
export class CreateOutbox1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        seq bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
        id uuid NOT NULL,
        subject text NOT NULL,
        body jsonb NOT NULL,
        headers jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_notify(TG_TABLE_SCHEMA || '_outbox', current_setting('application_name'));
        RETURN NULL;
      END $$`);
    await runner.query(`
      CREATE TRIGGER notify_outbox AFTER INSERT ON outbox
      FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox');
    await runner.query('DROP FUNCTION notify_outbox');
  }
}
