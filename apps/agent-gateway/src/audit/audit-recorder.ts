import { Injectable } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Bus, InjectLogger } from '@runos/messaging';
import { inSpan, type Logger, SpanKind } from '@runos/observability';
import { RateLimiter } from '../grpc/rate-limiter.js';

/** The rate of audit entries for refusals, per account or cluster and action: 10 at once, then 6 per minute. */
const repeatedRefusalRate = { calls: 1, periodSeconds: 10, burst: 9 };
const maxCountedKeys = 10_000;

interface Refusal {
  readonly aid: string;
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
}

/** Writes to the audit log of an account, which the identity service keeps. */
@Injectable()
export class AuditRecorder {
  readonly #limiter = new RateLimiter(repeatedRefusalRate);
  /** Refusals without an entry; the next entry of the same key contains the number. */
  readonly #suppressed = new Map<string, number>();

  constructor(
    private readonly bus: Bus,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Records an action before it happens, so that no secret is issued without an entry. @throws Fault `unavailable` */
  async allowed(aid: string, action: string, subject: string, detail: Record<string, string> = {}): Promise<void> {
    await this.bus.request(identity.recordAudit, { action, subject, outcome: 'allowed', detail }, { tenant: aid });
  }

  /** Records a refusal that an agent can repeat without limit. It limits the entries and counts the rest. */
  refusedRepeatedly(aid: string, action: string, cid: string, object: string, reason: string): Promise<void> {
    return this.#refused(`${aid}/${cid}/${action}`, { aid, action, subject: `${cid}/${object}`, reason });
  }

  /** Records a refused registration with a token of this account, from anywhere. It limits the entries likewise. */
  refusedRegistration(aid: string, address: string, reason: string): Promise<void> {
    const action = 'agent.register';
    return this.#refused(`${aid}/${action}`, { aid, action, subject: `from ${address}`, reason });
  }

  async #refused(key: string, refusal: Refusal): Promise<void> {
    const isAllowed = await this.#limiter.allows(key);
    const suppressed = this.#suppressed.get(key) ?? 0;
    if (!isAllowed) {
      if (suppressed > 0 || this.#suppressed.size < maxCountedKeys) this.#suppressed.set(key, suppressed + 1);
      return;
    }
    this.#suppressed.delete(key);
    await this.#write(refusal, suppressed > 0 ? { repeatedBefore: String(suppressed) } : {});
  }

  /** When that fails, the refusal stands and only the log contains the reason. */
  async #write({ aid, action, subject, reason }: Refusal, detail: Record<string, string>): Promise<void> {
    const entry = {
      action,
      subject: subject.slice(0, 256),
      outcome: 'refused' as const,
      detail: { ...detail, reason },
    };
    await inSpan('refuse', { kind: SpanKind.INTERNAL, attributes: { action } }, async () => {
      this.logger.warn({ aid, ...entry }, `${action} refused`);
      try {
        await this.bus.request(identity.recordAudit, entry, { tenant: aid });
      } catch (error) {
        this.logger.error({ err: error, aid, ...entry }, 'refusal not written to the audit log');
      }
    });
  }
}
