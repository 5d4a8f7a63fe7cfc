import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Role, weakerRole } from '@runos/api';
import type { Credential, Principal } from '@runos/contracts';
import { invalidToken } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import { parseToken, secretMatches } from '@runos/security';
import { TokenRepository, type TokenRow } from './token-repository.js';
import { checkUsable } from './token-state.js';

type Kind = Principal['kind'];
const kinds: readonly Kind[] = ['session', 'pat'];

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
    private readonly tokens: TokenRepository,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  record(kind: Kind, keyId: string, at = performance.now()): void {
    this.#used[kind].set(keyId, at);
    this.#timer ??= setTimeout(() => void this.write(), writeDelayMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.write();
    clearTimeout(this.#timer);
  }

  /** Writes what was recorded since the last write. */
  async write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const kind of kinds) await this.#writeKind(kind);
  }

  async #writeKind(kind: Kind): Promise<void> {
    const used = new Map(this.#used[kind]);
    this.#used[kind].clear();
    if (used.size === 0) return;
    try {
      const ages = [...used].map(([keyId, at]) => ({ keyId, ageMs: performance.now() - at }));
      const locked = await this.tokens.storeLastUse(this.database.manager, kind, ages);
      for (const keyId of locked) if (!this.#used[kind].has(keyId)) this.record(kind, keyId, used.get(keyId));
    } catch (error) {
      this.logger.warn({ err: error }, 'last use of tokens not written');
    }
  }
}

/** Authenticates tokens: existence, secret, revocation, expiry, memberships. */
@Injectable()
export class Authentication {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokenRepository,
    private readonly lastUse: LastUse,
  ) {}

  /** @throws Fault `auth.invalid`, with the reason if the secret matches; `auth.session_expired` */
  async authenticate(token: string): Promise<Principal> {
    const parsed = parseToken(token);
    if (parsed?.kind !== 'ses' && parsed?.kind !== 'pat') throw invalidToken();
    const kind = parsed.kind === 'ses' ? 'session' : 'pat';
    const row = await this.tokens.find(this.database.manager, kind, parsed.keyId);
    if (!secretMatches(parsed.secret, row?.secret_hash) || !row) throw invalidToken();
    checkUsable(kind, row);
    if (kind === 'pat' && row.memberships.length === 0) throw invalidToken({ reason: 'revoked' });
    this.lastUse.record(kind, parsed.keyId);
    return {
      kind,
      keyId: parsed.keyId,
      userId: row.user_id,
      email: row.email,
      name: row.name,
      memberships: row.memberships.map(({ aid, role }) => ({ aid, role: roleOf(row, role) })),
      expiresAt: row.expires_at.toISOString(),
      validForMs: row.valid_for_ms,
    };
  }

  /**
   * The state of a token that was authenticated earlier, for what was created with it.
   * @throws Fault `auth.invalid`, also without a membership in the account; `auth.session_expired`
   */
  async check({ kind, keyId }: Credential, tenant: string): Promise<{ role: Role; validForMs: number }> {
    const row = await this.tokens.find(this.database.manager, kind, keyId);
    const membership = row?.memberships.find(({ aid }) => aid === tenant);
    if (row === undefined || membership === undefined) throw invalidToken();
    checkUsable(kind, row);
    return { role: roleOf(row, membership.role), validForMs: row.valid_for_ms };
  }
}

/** The role of a token in an account: at most that of its user's membership. */
const roleOf = (token: Pick<TokenRow, 'role'>, membership: Role): Role =>
  token.role ? weakerRole(membership, token.role) : membership;
