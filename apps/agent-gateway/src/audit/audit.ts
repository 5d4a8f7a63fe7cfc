import { identity } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import { inSpan, type Logger, SpanKind } from '@runos/observability';
import { RateLimit } from '../grpc/rate-limit.js';

/** So many refusals of one cluster's agent become entries; beyond that they are counted in the next one. */
const entries = { perMinute: 6, burst: 10 };
const maxCounted = 10_000;

/** Entries in the audit log of an account. */
export class Audit {
  readonly #limit = new RateLimit(entries);
  readonly #uncounted = new Map<string, number>();

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  /** Before something secret leaves: without the entry it does not. @throws Fault `unavailable` */
  async allowed(aid: string, action: string, subject: string, detail: Record<string, string> = {}): Promise<void> {
    await this.bus.request(identity.recordAudit, { action, subject, outcome: 'allowed', detail }, { tenant: aid });
  }

  /** The real reason of a refusal. The refusal stands also when it cannot be recorded; then it is in the log alone. */
  async refused(
    aid: string,
    action: string,
    subject: string,
    reason: string,
    more: Record<string, string> = {},
  ): Promise<void> {
    const entry = { action, subject: subject.slice(0, 256), outcome: 'refused' as const, detail: { ...more, reason } };
    await inSpan('refuse', { kind: SpanKind.INTERNAL, attributes: { action } }, async () => {
      this.logger.warn({ aid, ...entry }, 'refused');
      try {
        await this.bus.request(identity.recordAudit, entry, { tenant: aid });
      } catch (error) {
        this.logger.error({ err: error, aid, ...entry }, 'a refusal is not in the audit log');
      }
    });
  }

  /** As `refused`, for what an agent can repeat without end: it cannot flood the log, and nothing goes uncounted. */
  async refusedOften(aid: string, action: string, cid: string, thing: string, reason: string): Promise<void> {
    const key = `${aid}/${cid}/${action}`;
    const before = this.#uncounted.get(key) ?? 0;
    if (!this.#limit.allows(key)) {
      if (before > 0 || this.#uncounted.size < maxCounted) this.#uncounted.set(key, before + 1);
      return;
    }
    this.#uncounted.delete(key);
    await this.refused(aid, action, `${cid}/${thing}`, reason, before > 0 ? { repeatedBefore: String(before) } : {});
  }
}
