import { identity } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import type { Logger } from '@runos/observability';

/** Entries in the audit log of an account. */
export class Audit {
  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  /** Before something secret leaves: without the entry it does not. @throws Fault `unavailable` */
  async allowed(aid: string, action: string, subject: string, detail: Record<string, string> = {}): Promise<void> {
    await this.bus.ask(identity.recordAudit, { action, subject, outcome: 'allowed', detail }, { tenant: aid });
  }

  /** The real reason of a refusal. The refusal stands also when it cannot be recorded; then it is in the log alone. */
  async refused(aid: string, action: string, subject: string, reason: string): Promise<void> {
    const entry = { action, subject: subject.slice(0, 256), outcome: 'refused' as const, detail: { reason } };
    this.logger.warn({ aid, ...entry }, 'refused');
    try {
      await this.bus.ask(identity.recordAudit, entry, { tenant: aid });
    } catch (error) {
      this.logger.error({ err: error, aid, ...entry }, 'a refusal is not in the audit log');
    }
  }
}
