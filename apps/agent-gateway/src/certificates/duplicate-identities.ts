import { Injectable } from '@nestjs/common';
import { Database } from '@runos/persistence';
import { agentColumns, type AgentKey, type AgentRow } from '../agents/agent-repository.js';

export const duplicateDetails =
  'another machine uses the same certificate and was here first: register this one again, with a new token and a machine id of its own';

const maxReplacements = 3;

/** Agents dial again at least once per minute, so a machine that is silent for longer is gone. */
const silenceMinutes = 10;

/** A stream that is about to open. */
export interface Candidate extends AgentKey {
  readonly serial: string;
  readonly address: string;
}

export interface FoundDuplicate {
  readonly agent: AgentRow;
  /** The address that came later. It may not use the certificate any more. */
  readonly refusedAddress: string;
}

/**
 * Finds two machines with one certificate, such as a clone with its disk. Each closes the stream of the other. At the
 * third replacement within a minute between two addresses, the one that came later loses the certificate.
 */
@Injectable()
export class DuplicateIdentities {
  constructor(private readonly database: Database) {}

  /** Finds the duplicate when this stream is the third replacement. Undefined otherwise, and without an open stream elsewhere. */
  async find({ aid, cid, nid, serial, address }: Candidate): Promise<FoundDuplicate | undefined> {
    const [other] = await this.database.query<{ address: string }>(
      `SELECT address FROM session
       WHERE aid = $1 AND cid = $2 AND nid = $3 AND closed_at IS NULL AND serial = $4 AND address <> $5
       ORDER BY session_no DESC LIMIT 1`,
      [aid, cid, nid, serial, address],
    );
    if (other === undefined) return undefined;
    const known = await this.database.query<{ address: string; replacements: number }>(
      `SELECT address, count(*) FILTER (WHERE closed_at > now() - interval '1 minute'
         AND replaced_by_address = ANY($5))::int AS replacements
       FROM session WHERE aid = $1 AND cid = $2 AND nid = $3 AND serial = $4 AND address = ANY($5)
       GROUP BY address ORDER BY min(session_no)`,
      [aid, cid, nid, serial, [address, other.address]],
    );
    const replacements = known.reduce((sum, each) => sum + each.replacements, 1); // with this one
    const [first, later] = known;
    if (replacements < maxReplacements || first === undefined || later === undefined) return undefined;
    await this.database.query('UPDATE certificate SET refused_address = $2 WHERE serial = $1', [serial, later.address]);
    const [agent] = await this.database.query<AgentRow>(
      `WITH changed AS (
         UPDATE agent SET duplicate_addresses = $4, duplicate_serial = $5, duplicate_seen_at = now(), seq = seq + 1
         WHERE aid = $1 AND cid = $2 AND nid = $3 RETURNING *)
       SELECT ${agentColumns} FROM changed`,
      [aid, cid, nid, [first.address, later.address], serial],
    );
    return agent && { agent, refusedAddress: later.address };
  }

  /** The refused machine has called again. */
  async setSeen({ aid, cid, nid }: AgentKey): Promise<void> {
    await this.database.query(
      `UPDATE agent SET duplicate_seen_at = now()
       WHERE aid = $1 AND cid = $2 AND nid = $3 AND duplicate_seen_at < now() - interval '1 minute'`,
      [aid, cid, nid],
    );
  }

  /** Ends the state of agents whose other machine is gone. Its address stays refused. */
  clearSilent(): Promise<AgentRow[]> {
    return this.database.query(
      `WITH changed AS (
         UPDATE agent SET duplicate_addresses = NULL, duplicate_serial = NULL, duplicate_seen_at = NULL, seq = seq + 1
         WHERE duplicate_addresses IS NOT NULL AND duplicate_seen_at < now() - $1::float8 * interval '1 minute'
         RETURNING *)
       SELECT ${agentColumns} FROM changed`,
      [silenceMinutes],
    );
  }
}
