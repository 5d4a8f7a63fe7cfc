import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { type Role, weakerRole } from '@runos/api';
import type { Principal } from '@runos/contracts';
import { invalidToken } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import { parseToken, secretMatches } from '@runos/security';
import { checkUsable, type TokenState, validForMs } from './token-state.js';

const lastUseTables = { session: 'session', pat: 'api_key' } as const;
type Kind = keyof typeof lastUseTables;

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
    for (const kind of Object.keys(lastUseTables) as Kind[]) await this.#writeKind(kind);
  }

  async #writeKind(kind: Kind): Promise<void> {
    const used = [...this.#used[kind]];
    this.#used[kind].clear();
    if (used.length === 0) return;
    try {
      await this.database.query(
        `UPDATE ${lastUseTables[kind]} t SET last_used_at = greatest(t.last_used_at, now() - u.age * interval '1 ms')
           FROM unnest($1::text[], $2::float8[]) AS u (key_id, age) WHERE t.key_id = u.key_id`,
        [used.map(([keyId]) => keyId), used.map(([, at]) => performance.now() - at)],
      );
    } catch (error) {
      this.logger.warn({ err: error }, 'last use of tokens not written');
    }
  }
}

interface TokenRow extends TokenState {
  readonly user_id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role | null;
  readonly secret_hash: string;
  readonly memberships: { aid: string; role: Role }[];
}

const sessionByKey = `
  SELECT s.user_id, p.email, p.email AS name, NULL AS role, s.secret_hash, s.expires_at, s.revoked_at,
         ${validForMs('s')} AS valid_for_ms,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('aid', m.aid, 'role', m.role) ORDER BY m.created_at), '[]')
            FROM membership m WHERE m.user_id = s.user_id) AS memberships
    FROM session s JOIN person p ON p.id = s.user_id WHERE s.key_id = $1`;

const apiKeyByKey = `
  SELECT k.user_id, p.email, k.name, k.role, k.secret_hash, k.expires_at, k.revoked_at,
         ${validForMs('k')} AS valid_for_ms,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('aid', m.aid, 'role', m.role)), '[]')
            FROM membership m WHERE m.user_id = k.user_id AND m.aid = k.aid) AS memberships
    FROM api_key k JOIN person p ON p.id = k.user_id WHERE k.key_id = $1`;

/** Authenticates tokens: existence, secret, revocation, expiry, memberships. */
@Injectable()
export class Authentication {
  constructor(
    private readonly database: Database,
    private readonly lastUse: LastUse,
  ) {}

  /** @throws Fault `auth.invalid`, with the reason if the secret matches; `auth.session_expired` */
  async authenticate(token: string): Promise<Principal> {
    const parsed = parseToken(token);
    if (parsed?.kind !== 'ses' && parsed?.kind !== 'pat') throw invalidToken();
    const session = parsed.kind === 'ses';
    const [row] = await this.database.query<TokenRow>(session ? sessionByKey : apiKeyByKey, [parsed.keyId]);
    if (!secretMatches(parsed.secret, row?.secret_hash) || !row) throw invalidToken();
    checkUsable(session ? 'session' : 'pat', row);
    if (!session && row.memberships.length === 0) throw invalidToken({ reason: 'revoked' });
    this.lastUse.record(session ? 'session' : 'pat', parsed.keyId);
    return {
      kind: session ? 'session' : 'pat',
      keyId: parsed.keyId,
      userId: row.user_id,
      email: row.email,
      name: row.name,
      memberships: row.memberships.map(({ aid, role }) => ({
        aid,
        role: row.role ? weakerRole(role, row.role) : role,
      })),
      expiresAt: row.expires_at.toISOString(),
      validForMs: row.valid_for_ms,
    };
  }
}
