import { Controller } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { type AuditEntry, AuditRepository } from './audit-repository.js';

@Controller()
export class AuditController {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditRepository,
  ) {}

  /** Replies when the entry is durable, so that the audited action may follow. */
  @Respond(identity.recordAudit)
  async record(entry: AuditEntry, { tenant, actor }: CallContext<'tenant'>) {
    return { id: await this.audit.append(this.database.manager, tenant, actor, entry) };
  }
}
