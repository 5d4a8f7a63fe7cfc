import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';

const tables = { session: 'session', pat: 'api_key' } as const;
type Kind = keyof typeof tables;

/** A token's last use is told to people, not relied on: it may be this much late, ms. */
const writeAfterMs = 30_000;

/** Notes which tokens were used and writes it down in one statement per kind, now and then. */
@Injectable()
export class LastUse implements OnModuleDestroy {
  /** When, by this process's own steady clock; the database knows what time that was. */
  readonly #used = { session: new Map<string, number>(), pat: new Map<string, number>() };
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  note(kind: Kind, keyId: string): void {
    this.#used[kind].set(keyId, performance.now());
    this.#timer ??= setTimeout(() => void this.write(), writeAfterMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.write();
  }

  /** Writes what has been noted since the last time. */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const kind of Object.keys(tables) as Kind[]) await this.#writeKind(kind);
  }

  async #writeKind(kind: Kind): Promise<void> {
    const used = [...this.#used[kind]];
    this.#used[kind].clear();
    if (used.length === 0) return;
    try {
      await this.database.query(
        `UPDATE ${tables[kind]} t SET last_used_at = greatest(t.last_used_at, now() - u.age * interval '1 ms')
           FROM unnest($1::text[], $2::float8[]) AS u (key_id, age) WHERE t.key_id = u.key_id`,
        [used.map(([keyId]) => keyId), used.map(([, at]) => performance.now() - at)],
      );
    } catch (error) {
      this.logger.warn({ err: error }, 'the last use of some tokens was not written');
    }
  }
}
