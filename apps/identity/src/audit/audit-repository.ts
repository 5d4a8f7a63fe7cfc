import { Injectable } from '@nestjs/common';
import { type Actor, identity } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';

export type AuditEntry = z.output<typeof identity.recordAudit.input>;

/** The append-only audit log of all accounts. */
@Injectable()
export class AuditRepository {
  /** Durable when the transaction of `manager` commits, without one when it resolves. Returns the entry's id. */
  async append(manager: EntityManager, tenant: string, actor: Actor, entry: AuditEntry): Promise<string> {
    const [id] = await this.appendEach(manager, tenant, actor, [entry]);
    if (id === undefined) throw new Error('the audit entry was not inserted');
    return id;
  }

  /** As `append`, for several entries in one statement. */
  async appendEach(
    manager: EntityManager,
    tenant: string,
    actor: Actor,
    entries: readonly AuditEntry[],
  ): Promise<string[]> {
    const rows = await runSql<{ id: string }>(
      manager,
      `INSERT INTO audit_entry (aid, actor, action, subject, outcome, detail)
       SELECT $1, $2::jsonb, e.action, e.subject, e.outcome, e.detail
         FROM jsonb_to_recordset($3::jsonb) AS e (action text, subject text, outcome text, detail jsonb) RETURNING id::text`,
      [tenant, actor, JSON.stringify(entries)],
    );
    return rows.map(({ id }) => id);
  }
}
