import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `nid` is empty for a cluster agent: it is part of keys, which cannot be null. */
export class AgentTables1700000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of tables) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE authority, registration_token, certificate, agent, session, replica');
    await runner.query('DROP SEQUENCE session_no');
  }
}

const agentKey = 'aid text NOT NULL, cid text NOT NULL, nid text NOT NULL';

const tables = [
  `CREATE TABLE authority (
     name text PRIMARY KEY CHECK (name IN ('l1', 'l2')),
     certificate text NOT NULL,
     sealed_key text NOT NULL,
     made_at timestamptz NOT NULL DEFAULT now()
   )`,
  `CREATE TABLE registration_token (
     key_id text PRIMARY KEY,
     secret_hash text NOT NULL,
     aid text NOT NULL,
     cid text NOT NULL,
     purpose text NOT NULL CHECK (purpose IN ('node', 'cluster-agent')),
     created_by text NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     expires_at timestamptz NOT NULL,
     used_at timestamptz
   )`,
  `CREATE INDEX registration_token_expires_at ON registration_token (expires_at)`,
  `CREATE TABLE certificate (
     serial text PRIMARY KEY,
     fingerprint text NOT NULL,
     ${agentKey},
     issued_at timestamptz NOT NULL DEFAULT now(),
     not_after timestamptz NOT NULL,
     replaces text,
     seen_at timestamptz,
     revoked_at timestamptz,
     revoked_because text
   )`,
  `CREATE INDEX certificate_valid ON certificate (aid, cid, nid) WHERE revoked_at IS NULL`,
  `CREATE INDEX certificate_replaces ON certificate (replaces) WHERE replaces IS NOT NULL`,
  `CREATE TABLE replica (
     id uuid PRIMARY KEY,
     name text NOT NULL,
     lease_until timestamptz NOT NULL
   )`,
  `CREATE SEQUENCE session_no AS bigint`,
  `CREATE TABLE session (
     session_no bigint PRIMARY KEY,
     ${agentKey},
     serial text NOT NULL,
     replica uuid NOT NULL,
     opened_at timestamptz NOT NULL DEFAULT now(),
     closed_at timestamptz,
     close_reason text
   )`,
  `CREATE INDEX session_open ON session (replica) WHERE closed_at IS NULL`,
  `CREATE INDEX session_open_agent ON session (aid, cid, nid) WHERE closed_at IS NULL`,
  `CREATE INDEX session_closed_at ON session (closed_at) WHERE closed_at IS NOT NULL`,
  `CREATE TABLE agent (
     ${agentKey},
     session_no bigint NOT NULL,
     seq bigint NOT NULL DEFAULT 1,
     told_seq bigint NOT NULL DEFAULT 0,
     present boolean NOT NULL,
     ready boolean NOT NULL DEFAULT false,
     version text,
     capabilities text[] NOT NULL DEFAULT '{}',
     cluster_uid text,
     last_beat_at timestamptz,
     certificate_expires_at timestamptz,
     PRIMARY KEY (aid, cid, nid)
   )`,
  `CREATE INDEX agent_untold ON agent (aid) WHERE told_seq < seq`,
  `CREATE INDEX agent_without_stream ON agent (last_beat_at) WHERE ready AND NOT present`,
];
