import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which apps were refused with their new credentials, why, and since when. `autoRollback` was a field of apps only; it
 * is one of all specs now, so the stored ones move.
 */
export class AddRefusedCredentials1800000000026 implements MigrationInterface {
  readonly contraction = 'The index is on a queue with few rows, so it is built at once.';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE credential_rollout ADD failures integer NOT NULL DEFAULT 0, ADD refusal text, ADD refused_at timestamptz',
    );
    await runner.query('CREATE INDEX ix_credential_rollout_instance_id ON credential_rollout (instance_id)');
    await runner.query(`UPDATE revision SET spec = (spec #- '{inputs,autoRollback}')
        || jsonb_build_object('autoRollback', spec->'inputs'->'autoRollback')
      WHERE spec->>'kind' = 'app' AND spec->'inputs' ? 'autoRollback'`);
    await runner.query(`UPDATE job_ref SET pending = jsonb_set(pending #- '{spec,inputs,autoRollback}',
        '{spec,autoRollback}', pending->'spec'->'inputs'->'autoRollback')
      WHERE pending->'spec'->>'kind' = 'app' AND pending->'spec'->'inputs' ? 'autoRollback'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`UPDATE job_ref SET pending = jsonb_set(pending #- '{spec,autoRollback}',
        '{spec,inputs,autoRollback}', pending->'spec'->'autoRollback')
      WHERE pending->'spec'->>'kind' = 'app' AND pending->'spec' ? 'autoRollback'`);
    await runner.query(`UPDATE revision SET spec = jsonb_set(spec - 'autoRollback',
        '{inputs,autoRollback}', spec->'autoRollback')
      WHERE spec->>'kind' = 'app' AND spec ? 'autoRollback'`);
    await runner.query('DROP INDEX ix_credential_rollout_instance_id');
    await runner.query('ALTER TABLE credential_rollout DROP failures, DROP refusal, DROP refused_at');
  }
}
