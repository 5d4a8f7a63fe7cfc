import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The stream and the readiness of a cluster agent as they are reported, also of one in another Kubernetes cluster. The
 * Kubernetes cluster of a report of add-ons.
 */
export class KeepForeignAgents1800000000019 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE cluster ADD agent_connected boolean NOT NULL DEFAULT false,
      ADD agent_ready boolean NOT NULL DEFAULT false`);
    // Until now, a Kubernetes cluster was recorded as foreign only while its agent had a stream.
    await runner.query('UPDATE cluster SET agent_connected = true WHERE foreign_uid IS NOT NULL');
    await runner.query('ALTER TABLE addon_report ADD cluster_uid text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE addon_report DROP cluster_uid');
    await runner.query('ALTER TABLE cluster DROP agent_connected, DROP agent_ready');
  }
}
