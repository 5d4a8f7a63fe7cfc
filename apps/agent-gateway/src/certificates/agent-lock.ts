import type { AgentKey } from '../agents/agent-repository.js';
import type { Statements } from '../authority/certificate-authorities.js';

/**
 * Locks the certificates of an agent until the end of the transaction. Registration, renewal and revocation hold this
 * lock, so that each sees what the others have written. Hash collisions only make agents wait for each other.
 */
export async function lockAgent(sql: Statements, { aid, cid, nid }: AgentKey): Promise<void> {
  await sql.query(
    `SELECT pg_advisory_xact_lock_shared(hashtext('agents of a cluster'), hashtext($1)),
       pg_advisory_xact_lock(hashtext('agent'), hashtext($2))`,
    [`${aid}/${cid}`, `${aid}/${cid}/${nid}`],
  );
}

/** Locks the certificates of all agents of a cluster until the end of the transaction, also of agents yet to register. */
export async function lockCluster(sql: Statements, aid: string, cid: string): Promise<void> {
  await sql.query(`SELECT pg_advisory_xact_lock(hashtext('agents of a cluster'), hashtext($1))`, [`${aid}/${cid}`]);
}
