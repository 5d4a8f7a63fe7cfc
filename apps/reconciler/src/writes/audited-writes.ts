import { Injectable } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';

interface Entry {
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** Writes that must be in the audit log of their account. */
@Injectable()
export class AuditedWrites {
  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /**
   * Runs a write after its entry is durable, because a request must not hold a lock. Callers check first what refuses the
   * write. A change that comes in between can still refuse it: then a second entry has the refusal.
   * @throws Fault `unavailable` without the entry
   */
  async run<T>(tenant: string, entry: Entry, write: () => Promise<T>): Promise<T> {
    await this.#record(tenant, entry, 'allowed');
    try {
      return await write();
    } catch (error) {
      const reason = faultOf(error)?.code;
      if (reason !== undefined) await this.#recordRefusal(tenant, entry, reason);
      throw error;
    }
  }

  /** If that fails, the refusal stands, and only the log has its reason. */
  async #recordRefusal(tenant: string, entry: Entry, reason: string): Promise<void> {
    const refusal = { ...entry, detail: { ...entry.detail, reason } };
    try {
      await this.#record(tenant, refusal, 'refused');
    } catch (error) {
      this.logger.error({ err: error, tenant, ...refusal }, 'refusal not written to the audit log');
    }
  }

  async #record(tenant: string, { detail, ...entry }: Entry, outcome: 'allowed' | 'refused'): Promise<void> {
    await this.bus.request(identity.recordAudit, { ...entry, outcome, detail: { ...detail } }, { tenant });
  }
}
