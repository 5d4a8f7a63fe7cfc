import { Injectable } from '@nestjs/common';
import { exponentialBackoff } from '@runos/engine';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { CredentialRefusal, CredentialRolloutRow } from '../schema/registry-row.js';

/** The time to the next attempt. A refused app is also retried with each of its changes. */
const backoff = exponentialBackoff({ firstMs: 15_000, maxMs: 900_000 });

/** What is known of the earlier attempts for an app. */
export interface TakenRollout {
  readonly failures: number;
  readonly refusal: CredentialRefusal | null;
}

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
      (condition) => `SELECT id, aid, instance_id, changed_by, failures FROM credential_rollout
         WHERE ${condition('aid')} AND next_attempt_at <= now() ORDER BY next_attempt_at, id LIMIT $1`,
      [limit],
    );
  }

  /**
   * Removes every row of a locked app, because one attempt serves all. Undefined if another replica has
   * removed the row.
   */
  async take(sql: EntityManager, { id, instance_id }: CredentialRolloutRow): Promise<TakenRollout | undefined> {
    const taken = await runSql<{ failures: number; refusal: string | null; refused_at: Date | null }>(
      sql,
      `DELETE FROM credential_rollout WHERE instance_id = $1
         AND EXISTS (SELECT 1 FROM credential_rollout WHERE id = $2) RETURNING failures, refusal, refused_at`,
      [instance_id, id],
    );
    if (taken.length === 0) return undefined;
    const [refusal = null] = taken.flatMap(({ refusal: message, refused_at: at }) =>
      message === null || at === null ? [] : [{ message, since: at.toISOString() }],
    );
    return { failures: Math.max(...taken.map(({ failures }) => failures)), refusal };
  }

  /** Queues a refused app again, which the user sees as long as the row exists. */
  async refuse(
    sql: EntityManager,
    row: Omit<CredentialRolloutRow, 'id'>,
    { message, since }: CredentialRefusal,
  ): Promise<void> {
    const failures = row.failures + 1;
    await runSql(
      sql,
      `INSERT INTO credential_rollout (aid, instance_id, changed_by, failures, refusal, refused_at, next_attempt_at)
       VALUES ($1, $2, $3, $4, $5, $6, now() + ms($7))`,
      [row.aid, row.instance_id, row.changed_by, failures, message, since, backoff(failures)],
    );
  }

  /** For an app that could not be looked at. */
  async retryLater(sql: EntityManager, { id, failures }: CredentialRolloutRow): Promise<void> {
    await runSql(sql, 'UPDATE credential_rollout SET failures = $3, next_attempt_at = now() + ms($2) WHERE id = $1', [
      id,
      backoff(failures + 1),
      failures + 1,
    ]);
  }

  /** The change of a locked app may have removed the cause of its refusal. Returns whether it was refused. */
  async retryRefused(sql: EntityManager, instanceId: number): Promise<boolean> {
    const ready = await runSql(
      sql,
      `UPDATE credential_rollout SET next_attempt_at = now() WHERE instance_id = $1 AND refusal IS NOT NULL
       RETURNING 1`,
      [instanceId],
    );
    return ready.length > 0;
  }
}
