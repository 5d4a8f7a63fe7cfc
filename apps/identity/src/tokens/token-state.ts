import type { Principal } from '@runos/contracts';
import { Fault, invalidToken } from '@runos/kernel';

/** What decides whether a token with the right secret is usable. */
export interface TokenStateRow {
  readonly expires_at: Date;
  readonly revoked_at: Date | null;
  /** Remaining validity by the database's clock, ms. */
  readonly valid_for_ms: number;
}

/** @throws Fault `auth.invalid` with the reason; `auth.session_expired` */
export function checkUsable(kind: Principal['kind'], { revoked_at, expires_at, valid_for_ms }: TokenStateRow): void {
  if (revoked_at) throw invalidToken({ reason: 'revoked', revokedAt: revoked_at.toISOString() });
  if (valid_for_ms > 0) return;
  const expiredAt = expires_at.toISOString();
  if (kind === 'pat') throw invalidToken({ reason: 'expired', expiredAt });
  throw new Fault('auth.session_expired', 'The session has expired; log in again.', { expiredAt });
}
