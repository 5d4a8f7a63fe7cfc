import { Controller } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Answers, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';

@Controller()
export class AuditController {
  constructor(private readonly database: Database) {}

  /** Answered when the entry is on disk: what it allows may follow. */
  @Answers(identity.recordAudit)
  async record(entry: z.output<typeof identity.recordAudit.input>, { tenant, actor }: CallContext<'tenant'>) {
    const [row] = await this.database.query<{ id: string }>(
      `INSERT INTO audit_entry (aid, actor, action, subject, outcome, detail)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id::text`,
      [tenant, actor, entry.action, entry.subject, entry.outcome, entry.detail],
    );
    return { id: String(row?.id) };
  }
}
