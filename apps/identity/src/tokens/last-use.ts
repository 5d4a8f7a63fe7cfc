import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';

const tables = { session: 'session', pat: 'api_key' } as const;
type Kind = keyof typeof tables;

/** The last use is informational, so it may be written this late, ms. */
const writeDelayMs = 30_000;

/** Records the last use of tokens, batched into one statement per kind. */
@Injectable()
export class LastUse implements OnModuleDestroy {
  /** By this process's monotonic clock; the database converts the age to its own time. */
  readonly #used = { session: new Map<string, number>(), pat: new Map<string, number>() };
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  record(kind: Kind, keyId: string): void {
    this.#used[kind].set(keyId, performance.now());
    this.#timer ??= setTimeout(() => void this.write(), writeDelayMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.write();
  }

  /** Writes what was recorded since the last write. */
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
