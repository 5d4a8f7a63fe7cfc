/** Clusters, with where their agents stand and their lane in the queue of work (`present`, `not_before`, `served_at`). */
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
  deleting_since timestamptz,
  removal_job uuid,
  removal_due_at timestamptz,
  removal_failures int NOT NULL DEFAULT 0,
  uid text,
  foreign_uid text,
  session_no bigint NOT NULL DEFAULT 0,
  presence_seq bigint NOT NULL DEFAULT 0,
  present boolean NOT NULL DEFAULT false,
  ready boolean NOT NULL DEFAULT false,
  was_ready boolean NOT NULL DEFAULT false,
  agent_version text,
  capabilities text[] NOT NULL DEFAULT '{}',
  last_heartbeat_at timestamptz,
  certificate_expires_at timestamptz,
  not_before timestamptz NOT NULL DEFAULT '-infinity',
  absences int NOT NULL DEFAULT 0,
  served_at timestamptz NOT NULL DEFAULT '-infinity',
  CONSTRAINT uq_cluster_aid_cid UNIQUE (aid, cid)
);
CREATE UNIQUE INDEX uq_cluster_default ON cluster (aid) WHERE is_default;
CREATE INDEX ix_cluster_lane ON cluster (served_at) WHERE present;
CREATE INDEX ix_cluster_removal ON cluster (removal_due_at) WHERE removal_due_at IS NOT NULL`;

const node = `
CREATE TABLE node (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_node PRIMARY KEY,
  aid text NOT NULL,
  cluster_id bigint NOT NULL CONSTRAINT fk_node_cluster REFERENCES cluster ON DELETE CASCADE,
  nid text NOT NULL,
  machine_id text NOT NULL,
  name text NOT NULL,
  os text NOT NULL,
  session_no bigint NOT NULL DEFAULT 0,
  presence_seq bigint NOT NULL DEFAULT 0,
  present boolean NOT NULL DEFAULT false,
  ready boolean NOT NULL DEFAULT false,
  was_ready boolean NOT NULL DEFAULT false,
  version text,
  last_heartbeat_at timestamptz,
  certificate_expires_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_node_cluster_nid UNIQUE (cluster_id, nid),
  CONSTRAINT uq_node_cluster_machine UNIQUE (cluster_id, machine_id)
)`;

/** Ids that were ever given out: they are never reused, also when what they named is long gone. */
const mintedId = `
CREATE TABLE minted_id (
  aid text NOT NULL,
  id text NOT NULL,
  CONSTRAINT pk_minted_id PRIMARY KEY (aid, id)
)`;

/** Instances: who they are, which revision is wanted, and what was seen of them last. */
const instance = `
CREATE TABLE instance (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_instance PRIMARY KEY,
  aid text NOT NULL,
  cluster_id bigint NOT NULL CONSTRAINT fk_instance_cluster REFERENCES cluster,
  iid text NOT NULL,
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
CREATE INDEX ix_instance_cluster ON instance (cluster_id, id);
CREATE INDEX ix_instance_cluster_type ON instance (cluster_id, type, id)`;

/** What was asked for, each time as a whole. `kind` 'remove' is a tombstone. */
const revision = `
CREATE TABLE revision (
  instance_id bigint NOT NULL CONSTRAINT fk_revision_instance REFERENCES instance ON DELETE CASCADE,
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
 * One row per instance; `due_at` null is idle. `wanted` grows with every reason to look again, `fence` with every
 * claim; `revision` is the one to be delivered, `sent` the last one that may have left, `delivered` the last one the agent
 * has stored.
 */
const work = `
CREATE TABLE work (
  id bigint NOT NULL CONSTRAINT pk_work PRIMARY KEY CONSTRAINT fk_work_instance REFERENCES instance ON DELETE CASCADE,
  cluster_id bigint NOT NULL,
  due_at timestamptz,
  leased_until timestamptz,
  worker text,
  fence bigint NOT NULL DEFAULT 0,
  wanted bigint NOT NULL DEFAULT 1,
  revision int NOT NULL,
  sent int NOT NULL DEFAULT 0,
  delivered int NOT NULL DEFAULT 0,
  failures int NOT NULL DEFAULT 0
);
CREATE INDEX ix_work_due ON work (cluster_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX ix_work_leased ON work (cluster_id, leased_until) WHERE leased_until IS NOT NULL`;

/**
 * The truth about jobs, of which the jobs service keeps a projection. `ends_at` is when the job fails if nothing
 * happens; while the agent is away (`paused_at`) that is the end of its leave, and `budget_left` is kept for its return.
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
  status text NOT NULL,
  outcome text CONSTRAINT ck_job_ref_outcome CHECK (outcome IN ('completed', 'failed', 'cancelled')),
  seq int NOT NULL DEFAULT 1,
  progress text,
  current_step text,
  reason text,
  error text,
  superseded_by uuid,
  work_items jsonb NOT NULL,
  seen jsonb NOT NULL DEFAULT '{}',
  lines int NOT NULL DEFAULT 0,
  budget interval NOT NULL,
  budget_left interval NOT NULL,
  leave interval NOT NULL,
  leave_left interval NOT NULL,
  ends_at timestamptz NOT NULL,
  paused_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  completed_at timestamptz
);
CREATE UNIQUE INDEX uq_job_ref_open_instance ON job_ref (instance_id) WHERE outcome IS NULL;
CREATE INDEX ix_job_ref_ends ON job_ref (ends_at) WHERE outcome IS NULL;
CREATE INDEX ix_job_ref_open_cluster ON job_ref (cluster_id) WHERE outcome IS NULL;
CREATE INDEX ix_job_ref_completed ON job_ref (completed_at) WHERE outcome IS NOT NULL;
CREATE TABLE job_log (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_job_log PRIMARY KEY,
  job_id uuid NOT NULL CONSTRAINT fk_job_log_job REFERENCES job_ref ON DELETE CASCADE,
  work_item_id uuid NOT NULL,
  level text NOT NULL,
  message text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_job_log_job ON job_log (job_id, id)`;

/** What happened to instances; `key` makes a repeated report write it once. */
const instanceEvent = `
CREATE TABLE instance_event (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_instance_event PRIMARY KEY,
  instance_id bigint NOT NULL CONSTRAINT fk_instance_event_instance REFERENCES instance ON DELETE CASCADE,
  key text NOT NULL,
  at timestamptz NOT NULL,
  type text NOT NULL,
  object jsonb,
  fields text[] NOT NULL,
  manager text,
  message text NOT NULL,
  CONSTRAINT uq_instance_event_key UNIQUE (instance_id, key)
);
CREATE INDEX ix_instance_event_newest ON instance_event (instance_id, id DESC)`;

export const tables: readonly string[] = [cluster, node, mintedId, instance, revision, work, jobRef, instanceEvent];

/** In the order in which they can be dropped. */
export const tableNames = [
  ...['instance_event', 'job_log', 'job_ref', 'work', 'revision', 'instance', 'minted_id', 'node', 'cluster'],
] as const;

/** Milliseconds as an interval, whole and exact. */
export const functions: readonly string[] = [
  `CREATE FUNCTION ms(milliseconds float8) RETURNS interval LANGUAGE sql IMMUTABLE
   RETURN make_interval(secs => milliseconds / 1000)`,
];
