import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Pull credentials, one per account and registry. `host` has one spelling per registry. */
const registryCredential = `
CREATE TABLE registry_credential (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_registry_credential PRIMARY KEY,
  registry_id uuid NOT NULL CONSTRAINT uq_registry_credential_registry_id UNIQUE,
  aid text NOT NULL,
  host text NOT NULL,
  name text NOT NULL,
  username text NOT NULL,
  password_sealed text NOT NULL,
  check_status text NOT NULL
    CONSTRAINT ck_registry_credential_check_status CHECK (check_status IN ('verified', 'unreachable')),
  check_message text,
  checked_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT uq_registry_credential_aid_host UNIQUE (aid, host)
)`;

/** The registry of the image in the accepted spec of each app. */
const imageRegistry = `
CREATE TABLE image_registry (
  instance_id bigint CONSTRAINT pk_image_registry PRIMARY KEY
    CONSTRAINT fk_image_registry_instance_id REFERENCES instance ON DELETE CASCADE,
  aid text NOT NULL,
  host text NOT NULL
);
CREATE INDEX ix_image_registry_aid_host ON image_registry (aid, host)`;

/**
 * The apps whose credentials have changed. The instance is not referenced: then this queue and the deletion of an
 * instance would wait for each other.
 */
const credentialRollout = `
CREATE TABLE credential_rollout (
  id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_credential_rollout PRIMARY KEY,
  aid text NOT NULL,
  instance_id bigint NOT NULL,
  changed_by text NOT NULL,
  next_attempt_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_credential_rollout_next_attempt_at ON credential_rollout (next_attempt_at)`;

/** Those of existing apps, as `registryOf` reads them but for the other names of Docker Hub. */
const existingApps = `
INSERT INTO image_registry (instance_id, aid, host)
SELECT i.id, i.aid, CASE WHEN split_part(r.spec->'inputs'->>'image', '/', 1) ~ '[.:]|^localhost$' AND r.spec->'inputs'->>'image' LIKE '%/%'
  THEN regexp_replace(lower(split_part(r.spec->'inputs'->>'image', '/', 1)), ':443$', '') ELSE 'docker.io' END
FROM instance i JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision WHERE i.kind = 'app'`;

/** Credentials of registries, and the apps that they reach. */
export class AddRegistries1800000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [registryCredential, imageRegistry, credentialRollout, existingApps]) {
      await runner.query(statement);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['credential_rollout', 'image_registry', 'registry_credential']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
