import type { MigrationInterface, QueryRunner } from 'typeorm';

/** `nid` is empty for a cluster agent, because it is part of keys and columns of a key cannot be null. */
const agentKey = 'aid text NOT NULL, cid text NOT NULL, nid text NOT NULL';

/** The CAs of the register port (`l1`) and of the stream port and all agents (`l2`). */
const authority = `
CREATE TABLE authority (
  name text CONSTRAINT pk_authority PRIMARY KEY,
  certificate text NOT NULL,
  sealed_key text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ck_authority_name CHECK (name IN ('l1', 'l2'))
)`;

const registrationToken = `
CREATE TABLE registration_token (
  key_id text CONSTRAINT pk_registration_token PRIMARY KEY,
  secret_hash text NOT NULL,
  aid text NOT NULL,
  cid text NOT NULL,
  purpose text NOT NULL,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT ck_registration_token_purpose CHECK (purpose IN ('node', 'cluster-agent'))
);
CREATE INDEX ix_registration_token_expires_at ON registration_token (expires_at)`;

/** Certificates that were issued to agents. `replaces_serial` names the certificate that a renewal replaces. */
const certificate = `
CREATE TABLE certificate (
  serial text CONSTRAINT pk_certificate PRIMARY KEY,
  fingerprint text NOT NULL,
  ${agentKey},
  issued_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  replaces_serial text,
  first_used_at timestamptz,
  revoked_at timestamptz,
  revocation_reason text
);
CREATE INDEX ix_certificate_aid_cid_nid ON certificate (aid, cid, nid) WHERE revoked_at IS NULL;
CREATE INDEX ix_certificate_replaces_serial ON certificate (replaces_serial) WHERE replaces_serial IS NOT NULL`;

/** Processes of this service. A replica owns its sessions until its lease expires. */
const replica = `
CREATE TABLE replica (
  id uuid CONSTRAINT pk_replica PRIMARY KEY,
  name text NOT NULL,
  lease_expires_at timestamptz NOT NULL
)`;

/** Streams of agents. A session number is never used twice. */
const session = `
CREATE SEQUENCE session_no AS bigint;
CREATE TABLE session (
  session_no bigint CONSTRAINT pk_session PRIMARY KEY,
  ${agentKey},
  serial text NOT NULL,
  replica_id uuid NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  closed_at timestamptz,
  close_reason text
);
CREATE INDEX ix_session_replica_id ON session (replica_id) WHERE closed_at IS NULL;
CREATE INDEX ix_session_aid_cid_nid ON session (aid, cid, nid) WHERE closed_at IS NULL;
CREATE INDEX ix_session_closed_at ON session (closed_at) WHERE closed_at IS NOT NULL`;

/** The connection of each agent. The reconciler has acknowledged the transitions up to `acknowledged_seq`. */
const agent = `
CREATE TABLE agent (
  ${agentKey},
  session_no bigint NOT NULL,
  seq bigint NOT NULL DEFAULT 1,
  acknowledged_seq bigint NOT NULL DEFAULT 0,
  connected boolean NOT NULL,
  ready boolean NOT NULL DEFAULT false,
  version text,
  capabilities text[] NOT NULL DEFAULT '{}',
  cluster_uid text,
  last_heartbeat_at timestamptz,
  certificate_expires_at timestamptz,
  CONSTRAINT pk_agent PRIMARY KEY (aid, cid, nid)
);
CREATE INDEX ix_agent_aid ON agent (aid) WHERE acknowledged_seq < seq;
CREATE INDEX ix_agent_last_heartbeat_at ON agent (last_heartbeat_at) WHERE ready AND NOT connected`;

export class CreateSchema1800000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statements of [authority, registrationToken, certificate, replica, session, agent])
      await runner.query(statements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE authority, registration_token, certificate, agent, session, replica');
    await runner.query('DROP SEQUENCE session_no');
  }
}
