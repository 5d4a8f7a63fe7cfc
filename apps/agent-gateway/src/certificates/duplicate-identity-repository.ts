import { Injectable } from '@nestjs/common';
import { Database } from '@runos/persistence';
import { agentColumns, type AgentKey, type AgentRow } from '../agents/agent-repository.js';

/** Agents dial again at least once per minute, so a machine that is silent for longer is gone. */
const silenceMinutes = 10;

/** The addresses from which one certificate of an agent is used. */
@Injectable()
export class DuplicateIdentityRepository {
  constructor(private readonly database: Database) {}

  /** The other address with an open stream of this certificate. */
  async otherAddress({ aid, cid, nid }: AgentKey, serial: string, address: string): Promise<string | undefined> {
    const [other] = await this.database.query<{ address: string }>(
      `SELECT address FROM session
       WHERE aid = $1 AND cid = $2 AND nid = $3 AND closed_at IS NULL AND serial = $4 AND address <> $5
       ORDER BY session_no DESC LIMIT 1`,
      [aid, cid, nid, serial, address],
    );
    return other?.address;
  }

  /** How often these addresses have replaced each other within a minute; the address that came first is the first one. */
  replacements(
    { aid, cid, nid }: AgentKey,
    serial: string,
    addresses: readonly string[],
  ): Promise<{ readonly address: string; readonly replacements: number }[]> {
    return this.database.query(
      `SELECT address, count(*) FILTER (WHERE closed_at > now() - interval '1 minute'
         AND replaced_by_address = ANY($5))::int AS replacements
       FROM session WHERE aid = $1 AND cid = $2 AND nid = $3 AND serial = $4 AND address = ANY($5)
       GROUP BY address ORDER BY min(session_no)`,
      [aid, cid, nid, serial, addresses],
    );
  }

  /** The address may not use the certificate any more. */
  async refuse(serial: string, address: string): Promise<void> {
    await this.database.query('UPDATE certificate SET refused_address = $2 WHERE serial = $1', [serial, address]);
  }

  /** Marks the agent, with the address that came first and the later one. */
  async mark(
    { aid, cid, nid }: AgentKey,
    serial: string,
    addresses: readonly [string, string],
  ): Promise<AgentRow | undefined> {
    const [agent] = await this.database.query<AgentRow>(
      `WITH changed AS (
         UPDATE agent SET duplicate_addresses = $4, duplicate_serial = $5, duplicate_seen_at = now(), seq = seq + 1
         WHERE aid = $1 AND cid = $2 AND nid = $3 RETURNING *)
       SELECT ${agentColumns} FROM changed`,
      [aid, cid, nid, addresses, serial],
    );
    return agent;
  }

  /** The refused machine has called again. */
  async setSeen({ aid, cid, nid }: AgentKey): Promise<void> {
    await this.database.query(
      `UPDATE agent SET duplicate_seen_at = now()
       WHERE aid = $1 AND cid = $2 AND nid = $3 AND duplicate_seen_at < now() - interval '1 minute'`,
      [aid, cid, nid],
    );
  }

  /** Ends the state of agents whose other machine is gone. Its address stays refused. Locked agents are left to the next call. */
  clearSilent(): Promise<AgentRow[]> {
    return this.database.query(
      `WITH silent AS (
         SELECT aid, cid, nid FROM agent
         WHERE duplicate_addresses IS NOT NULL AND duplicate_seen_at < now() - $1::float8 * interval '1 minute'
         FOR NO KEY UPDATE SKIP LOCKED),
       changed AS (
         UPDATE agent a SET duplicate_addresses = NULL, duplicate_serial = NULL, duplicate_seen_at = NULL, seq = a.seq + 1
         FROM silent s WHERE a.aid = s.aid AND a.cid = s.cid AND a.nid = s.nid RETURNING a.*)
       SELECT ${agentColumns} FROM changed`,
      [silenceMinutes],
    );
  }
}
