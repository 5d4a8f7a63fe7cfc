import type { EntityManager } from 'typeorm';
import type { ClusterAttempts } from './cluster-attempt-repository.js';

/** Attempts of one replica at the same time. */
const maxConcurrent = 16;

/**
 * Makes each attempt whose time is reached. `leaseMs` is longer than the deadline of an instruction: then another replica
 * continues. Returns the time until the next attempt, ms, if there is one.
 */
export async function runAttempts<Claim>(
  sql: EntityManager,
  attempts: ClusterAttempts<Claim>,
  leaseMs: number,
  attempt: (claim: Claim) => Promise<void>,
): Promise<number | undefined> {
  for (;;) {
    const claims = await attempts.claim(sql, leaseMs, maxConcurrent);
    if (claims.length === 0) return attempts.nextAttemptInMs(sql);
    await Promise.all(claims.map(attempt));
  }
}
