import { Injectable } from '@nestjs/common';
import { type Actor, identity } from '@runos/contracts';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';

export type AuditEntry = z.output<typeof identity.recordAudit.input>;

/** The append-only audit log of all accounts. */
@Injectable()
export class AuditLog {
  /** Durable when the transaction of `manager` commits, without one when it resolves. Returns the entry's id. */
  async append(manager: EntityManager, tenant: string, actor: Actor, entry: AuditEntry): Promise<string> {
    const { action, subject, outcome, detail } = entry;
    const [row] = await runSql<{ id: string }>(
      manager,
      `INSERT INTO audit_entry (aid, actor, action, subject, outcome, detail)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id::text`,
      [tenant, actor, action, subject, outcome, detail],
    );
    if (row === undefined) throw new Error('the audit entry was not inserted');
    return row.id;
  }
}
