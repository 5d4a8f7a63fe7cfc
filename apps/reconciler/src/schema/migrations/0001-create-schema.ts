import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Clusters with the connection of their agents, and the cluster queue (`connected`, `queue_resumes_at`, `queue_served_at`). */
const cluster = `
CREATE TABLE cluster (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_cluster PRIMARY KEY,
  aid text NOT NULL,
  cid text NOT NULL,
  name text NOT NULL,
  root text NOT NULL,
  local_storage_class text,
  distributed_storage_class text,
  is_default boolean NOT NULL,
  generation int NOT NULL DEFAULT 1,
  changed_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  deletion_requested_at timestamptz,
  removal_job_id uuid,
  removal_next_attempt_at timestamptz,
  removal_failures int NOT NULL DEFAULT 0,
  uid text,
  foreign_uid text,
  session_no bigint NOT NULL DEFAULT 0,
  connection_seq bigint NOT NULL DEFAULT 0,
  connected boolean NOT NULL DEFAULT false,
  ready boolean NOT NULL DEFAULT false,
  was_ready boolean NOT NULL DEFAULT false,
  agent_version text,
  capabilities text[] NOT NULL DEFAULT '{}',
  last_heartbeat_at timestamptz,
  certificate_expires_at timestamptz,
  queue_resumes_at timestamptz NOT NULL DEFAULT '-infinity',
  queue_served_at timestamptz NOT NULL DEFAULT '-infinity',
  CONSTRAINT uq_cluster_aid_cid UNIQUE (aid, cid)
);
CREATE UNIQUE INDEX uq_cluster_aid ON cluster (aid) WHERE is_default;
CREATE INDEX ix_cluster_queue_served_at ON cluster (queue_served_at) WHERE connected;
CREATE INDEX ix_cluster_removal_next_attempt_at ON cluster (removal_next_attempt_at)
  WHERE removal_next_attempt_at IS NOT NULL`;

const node = `
CREATE TABLE node (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_node PRIMARY KEY,
  aid text NOT NULL,
  cluster_id bigint NOT NULL CONSTRAINT fk_node_cluster_id REFERENCES cluster ON DELETE CASCADE,
  nid text NOT NULL,
  machine_id text NOT NULL,
  name text NOT NULL,
  os text NOT NULL,
  session_no bigint NOT NULL DEFAULT 0,
  connection_seq bigint NOT NULL DEFAULT 0,
  connected boolean NOT NULL DEFAULT false,
  ready boolean NOT NULL DEFAULT false,
  was_ready boolean NOT NULL DEFAULT false,
  version text,
  last_heartbeat_at timestamptz,
  certificate_expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_node_cluster_id_nid UNIQUE (cluster_id, nid),
  CONSTRAINT uq_node_cluster_id_machine_id UNIQUE (cluster_id, machine_id)
)`;

/** The last report of a cluster's add-ons, and the session of the cluster agent that sent it. */
const addonReport = `
CREATE TABLE addon_report (
  cluster_id bigint NOT NULL CONSTRAINT pk_addon_report PRIMARY KEY
    CONSTRAINT fk_addon_report_cluster_id REFERENCES cluster ON DELETE CASCADE,
  aid text NOT NULL,
  session_no bigint NOT NULL,
  addons jsonb NOT NULL,
  reported_at timestamptz NOT NULL DEFAULT now()
)`;

/** Every id that was minted: ids are never reused, also after the instance is deleted. */
const mintedId = `
CREATE TABLE minted_id (
  aid text NOT NULL,
  id text NOT NULL,
  CONSTRAINT pk_minted_id PRIMARY KEY (aid, id)
)`;

/** Instances: identity, desired revision and last observed status. */
const instance = `
CREATE TABLE instance (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_instance PRIMARY KEY,
  aid text NOT NULL,
  cluster_id bigint NOT NULL CONSTRAINT fk_instance_cluster_id REFERENCES cluster,
  iid text NOT NULL,
  kind text NOT NULL CONSTRAINT ck_instance_kind CHECK (kind IN ('service')),
  type text NOT NULL,
  osid text NOT NULL,
  name text NOT NULL,
  generation int NOT NULL,
  revision int NOT NULL,
  deleting boolean NOT NULL DEFAULT false,
  changed_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  secrets_sealed text NOT NULL,
  state text NOT NULL DEFAULT 'pending',
  reason text,
  message text,
  conditions jsonb NOT NULL DEFAULT '[]',
  observed_generation int NOT NULL DEFAULT 0,
  ready_replicas int NOT NULL DEFAULT 0,
  objects jsonb NOT NULL DEFAULT '[]',
  CONSTRAINT uq_instance_aid_iid UNIQUE (aid, iid)
);
CREATE INDEX ix_instance_cluster_id_id ON instance (cluster_id, id);
CREATE INDEX ix_instance_cluster_id_type_id ON instance (cluster_id, type, id)`;

/** The instances that an instance needs; a needed one cannot be deleted. */
const instanceRequirement = `
CREATE TABLE instance_requirement (
  instance_id bigint NOT NULL CONSTRAINT fk_instance_requirement_instance_id REFERENCES instance ON DELETE CASCADE,
  alias text NOT NULL,
  required_id bigint NOT NULL CONSTRAINT fk_instance_requirement_required_id REFERENCES instance,
  CONSTRAINT pk_instance_requirement PRIMARY KEY (instance_id, alias)
);
CREATE INDEX ix_instance_requirement_required_id ON instance_requirement (required_id)`;

/** The desired specs, one complete row per change. The kind `remove` is a tombstone. */
const revision = `
CREATE TABLE revision (
  instance_id bigint NOT NULL CONSTRAINT fk_revision_instance_id REFERENCES instance ON DELETE CASCADE,
  revision int NOT NULL,
  generation int NOT NULL,
  kind text NOT NULL CONSTRAINT ck_revision_kind CHECK (kind IN ('apply', 'remove')),
  spec jsonb NOT NULL,
  digest text NOT NULL,
  job_id uuid,
  changed_by text NOT NULL,
  trace jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT pk_revision PRIMARY KEY (instance_id, revision)
)`;

/**
 * The work queue: one row per instance. Without `next_attempt_at` there is nothing to do. `requested` counts the
 * reasons to deliver, and each claim raises `fencing_token`. `revision` is the desired one, `sent_revision` the highest
 * that an agent may have received, `delivered_revision` the last one that the agent has stored.
 */
const work = `
CREATE TABLE work (
  id bigint NOT NULL CONSTRAINT pk_work PRIMARY KEY CONSTRAINT fk_work_id REFERENCES instance ON DELETE CASCADE,
  cluster_id bigint NOT NULL,
  next_attempt_at timestamptz,
  lease_expires_at timestamptz,
  lease_holder text,
  fencing_token bigint NOT NULL DEFAULT 0,
  requested bigint NOT NULL DEFAULT 1,
  revision int NOT NULL,
  sent_revision int NOT NULL DEFAULT 0,
  delivered_revision int NOT NULL DEFAULT 0,
  failures int NOT NULL DEFAULT 0
);
CREATE INDEX ix_work_cluster_id_next_attempt_at ON work (cluster_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX ix_work_cluster_id_lease_expires_at ON work (cluster_id, lease_expires_at) WHERE lease_expires_at IS NOT NULL`;

/**
 * Jobs; the jobs service keeps a projection of them. A job fails at `deadline_at`. While the agent is disconnected
 * (`paused_at`), that is the end of the absence budget, and `timeout_left` keeps the rest of the timeout. A queued job
 * has a `queue_position` and its change in `pending`; its start clears both and sets its revision and its deadline.
 */
const jobRef = `
CREATE TABLE job_ref (
  job_id uuid NOT NULL CONSTRAINT pk_job_ref PRIMARY KEY,
  aid text NOT NULL,
  cid text NOT NULL,
  cluster_id bigint NOT NULL,
  instance_id bigint,
  osid text,
  type text NOT NULL,
  kind text NOT NULL CONSTRAINT ck_job_ref_kind CHECK (kind IN ('apply', 'delete')),
  generation int NOT NULL,
  revision int NOT NULL,
  queue_position int,
  pending jsonb,
  status text NOT NULL,
  outcome text CONSTRAINT ck_job_ref_outcome CHECK (outcome IN ('completed', 'failed', 'cancelled')),
  seq int NOT NULL DEFAULT 1,
  progress text,
  current_step text,
  reason text,
  error text,
  superseded_by uuid,
  work_items jsonb NOT NULL,
  logged_states jsonb NOT NULL DEFAULT '{}',
  log_lines int NOT NULL DEFAULT 0,
  timeout interval NOT NULL,
  timeout_left interval NOT NULL,
  absence_budget interval NOT NULL,
  absence_budget_left interval NOT NULL,
  deadline_at timestamptz,
  paused_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  completed_at timestamptz,
  CONSTRAINT ck_job_ref_deadline_at_queue_position CHECK (deadline_at IS NOT NULL OR queue_position IS NOT NULL)
);
CREATE UNIQUE INDEX uq_job_ref_instance_id ON job_ref (instance_id)
  WHERE outcome IS NULL AND queue_position IS NULL;
CREATE UNIQUE INDEX uq_job_ref_instance_id_queue_position ON job_ref (instance_id, queue_position)
  WHERE outcome IS NULL AND queue_position IS NOT NULL;
CREATE INDEX ix_job_ref_deadline_at ON job_ref (deadline_at) WHERE outcome IS NULL;
CREATE INDEX ix_job_ref_cluster_id ON job_ref (cluster_id) WHERE outcome IS NULL;
CREATE INDEX ix_job_ref_completed_at ON job_ref (completed_at) WHERE outcome IS NOT NULL;
CREATE TABLE job_log (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_job_log PRIMARY KEY,
  job_id uuid NOT NULL CONSTRAINT fk_job_log_job_id REFERENCES job_ref ON DELETE CASCADE,
  work_item_id uuid NOT NULL,
  level text NOT NULL,
  message text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_job_log_job_id_id ON job_log (job_id, id)`;

/** The events of instances; `key` makes a repeated report write an event once. */
const instanceEvent = `
CREATE TABLE instance_event (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_instance_event PRIMARY KEY,
  instance_id bigint NOT NULL CONSTRAINT fk_instance_event_instance_id REFERENCES instance ON DELETE CASCADE,
  key text NOT NULL,
  at timestamptz NOT NULL,
  type text NOT NULL,
  object jsonb,
  fields text[] NOT NULL,
  manager text,
  message text NOT NULL,
  CONSTRAINT uq_instance_event_instance_id_key UNIQUE (instance_id, key)
);
CREATE INDEX ix_instance_event_instance_id_id ON instance_event (instance_id, id DESC)`;

const tables: readonly string[] = [
  cluster,
  node,
  addonReport,
  mintedId,
  instance,
  instanceRequirement,
  revision,
  work,
  jobRef,
  instanceEvent,
];

/** In the order in which they can be dropped. */
const tableNames: readonly string[] = [
  'instance_event',
  'job_log',
  'job_ref',
  'work',
  'revision',
  'instance_requirement',
  'instance',
  'minted_id',
  'addon_report',
  'node',
  'cluster',
];

/** Milliseconds as an interval, whole and exact. */
const msFunction = `CREATE FUNCTION ms(milliseconds float8) RETURNS interval LANGUAGE sql IMMUTABLE
  RETURN make_interval(secs => milliseconds / 1000)`;

export class CreateSchema1800000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [msFunction, ...tables]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of tableNames) await runner.query(`DROP TABLE ${name}`);
    await runner.query('DROP FUNCTION ms');
  }
}
