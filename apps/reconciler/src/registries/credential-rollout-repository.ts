import { Injectable } from '@nestjs/common';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { CredentialRolloutRow } from '../schema/registry-row.js';

/** An instance whose work fails is retried after this time, ms. */
const retryMs = 15_000;

/** A row of `image_registry`. */
class ImageRegistryRow {
  readonly instance_id!: number;
  readonly aid!: string;
  readonly host!: string;
}

/** Which apps have images of a registry, and which apps must still get new credentials, of a registry or of a link. */
@Injectable()
export class CredentialRolloutRepository extends TenantRepository<ImageRegistryRow> {
  constructor() {
    super(ImageRegistryRow);
  }

  /** The registry of the accepted spec of a locked app. */
  async setRegistry(
    sql: EntityManager,
    { id, aid }: { readonly id: number; readonly aid: string },
    host: string,
  ): Promise<void> {
    await runSql(
      sql,
      `INSERT INTO image_registry AS r (instance_id, aid, host) VALUES ($1, $2, $3)
       ON CONFLICT (instance_id) DO UPDATE SET host = $3 WHERE r.host <> $3`,
      [id, aid, host],
    );
  }

  /** Queues all apps with images of a registry. Returns their number. */
  async queueApps(sql: EntityManager, tenant: string, host: string, changedBy: string): Promise<number> {
    const queued = await this.query(
      sql,
      { tenant },
      (condition) => `INSERT INTO credential_rollout (aid, instance_id, changed_by)
         SELECT aid, instance_id, $2 FROM image_registry WHERE ${condition('aid')} AND host = $1 ORDER BY instance_id
       RETURNING 1`,
      [host, changedBy],
    );
    return queued.length;
  }

  /** Queues one app, whose accepted spec may be older than the credentials. */
  async queueApp(
    sql: EntityManager,
    { id, aid }: { readonly id: number; readonly aid: string },
    changedBy: string,
  ): Promise<void> {
    await runSql(sql, 'INSERT INTO credential_rollout (aid, instance_id, changed_by) VALUES ($1, $2, $3)', [
      aid,
      id,
      changedBy,
    ]);
  }

  /** Queues the apps that require an instance, whose credentials have changed. */
  async queueDependents(sql: EntityManager, requiredId: number, changedBy: string): Promise<void> {
    await runSql(
      sql,
      `INSERT INTO credential_rollout (aid, instance_id, changed_by)
       SELECT DISTINCT i.aid, i.id, $2 FROM instance_requirement r JOIN instance i ON i.id = r.instance_id
       WHERE r.required_id = $1 AND i.kind = 'app'`,
      [requiredId, changedBy],
    );
  }

  /** The next rows whose time has come. */
  ready(sql: EntityManager, limit: number): Promise<CredentialRolloutRow[]> {
    return this.query<CredentialRolloutRow>(
      sql,
      { everyTenantBecause: 'one loop serves all accounts' },
      (condition) => `SELECT id, aid, instance_id, changed_by FROM credential_rollout
         WHERE ${condition('aid')} AND next_attempt_at <= now() ORDER BY next_attempt_at, id LIMIT $1`,
      [limit],
    );
  }

  async finish(sql: EntityManager, { id }: Pick<CredentialRolloutRow, 'id'>): Promise<void> {
    await runSql(sql, 'DELETE FROM credential_rollout WHERE id = $1', [id]);
  }

  async retryLater(sql: EntityManager, { id }: Pick<CredentialRolloutRow, 'id'>): Promise<void> {
    await runSql(sql, 'UPDATE credential_rollout SET next_attempt_at = now() + ms($2) WHERE id = $1', [id, retryMs]);
  }
}
