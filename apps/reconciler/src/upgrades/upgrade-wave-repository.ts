import { Injectable } from '@nestjs/common';
import type { WaveInstanceState, WaveState } from '@runos/api';
import { Fault } from '@runos/kernel';
import { runSql, TenantRepository } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { Page } from '../instances/instance-repository.js';
import { type CountedWaveRow, UpgradeWaveRow, type WaveInstanceRow } from '../schema/upgrade-wave-row.js';
import type { WaveProgress } from './next-step.js';
import type { Block } from '../revisions/upgrade-blocks.js';

/** Reads a `CountedWaveRow`. */
const selectWave = `
  SELECT w.*, coalesce((SELECT jsonb_object_agg(s.state, s.count) FROM (
    SELECT u.state, count(*) FROM upgrade_wave_instance u WHERE u.wave_id = w.id GROUP BY u.state) s), '{}') AS counts
  FROM upgrade_wave w`;

const firstIn = (state: WaveInstanceState): string =>
  `(SELECT to_jsonb(u) FROM upgrade_wave_instance u WHERE u.wave_id = $1 AND u.state = '${state}' ORDER BY u.position LIMIT 1)`;

interface NewWave {
  readonly upgradeId: string;
  readonly aid: string;
  readonly type: string;
  readonly version: string | undefined;
  readonly rendererVersion: number;
  readonly maxUnavailable: number;
  readonly upToDate: number;
  readonly createdBy: string;
}

/** The state of an instance after its start, or without one. */
export interface SettledInstance extends Partial<Block> {
  readonly state: Exclude<WaveInstanceState, 'pending'>;
  readonly jobId?: string;
}

@Injectable()
export class UpgradeWaveRepository extends TenantRepository<UpgradeWaveRow> {
  constructor() {
    super(UpgradeWaveRow);
  }

  /** Serializes what makes a wave run: creations and resumptions of one type. It is taken before the lock of a wave. */
  async lockStarts(sql: EntityManager, tenant: string, type: string): Promise<void> {
    await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('upgrade_wave'), hashtext($1))`, [`${tenant}/${type}`]);
  }

  /** After `lockStarts`. @throws Fault `upgrade.running` that names the running wave of this type */
  async refuseRunning(sql: EntityManager, tenant: string, type: string): Promise<void> {
    const [running] = await this.query<{ upgrade_id: string }>(
      sql,
      { tenant },
      (condition) =>
        `SELECT upgrade_id FROM upgrade_wave WHERE ${condition('aid')} AND type = $1 AND state = 'running'`,
      [type],
    );
    if (running === undefined) return;
    const { upgrade_id: upgradeId } = running;
    const message = `Upgrade ${upgradeId} of ${type} is running; wait for its end, or cancel it.`;
    throw new Fault('upgrade.running', message, { upgradeId });
  }

  /** Inserts a running wave without instances. Returns its row id. */
  async create(sql: EntityManager, wave: NewWave): Promise<number> {
    const [created] = await runSql<{ id: number }>(
      sql,
      `INSERT INTO upgrade_wave (upgrade_id, aid, type, version, renderer_version, max_unavailable, up_to_date, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
      [
        wave.upgradeId,
        wave.aid,
        wave.type,
        wave.version,
        wave.rendererVersion,
        wave.maxUnavailable,
        wave.upToDate,
        wave.createdBy,
      ],
    );
    if (created === undefined) throw new Error(`upgrade ${wave.upgradeId} was not inserted`);
    return created.id;
  }

  /** @throws Fault `upgrade.not_found` */
  async get(sql: EntityManager, tenant: string, upgradeId: string): Promise<CountedWaveRow> {
    const [found] = await this.query<CountedWaveRow>(
      sql,
      { tenant },
      (condition) => `${selectWave} WHERE ${condition('w.aid')} AND w.upgrade_id = $1`,
      [upgradeId],
    );
    if (found !== undefined) return found;
    throw new Fault('upgrade.not_found', `There is no upgrade "${upgradeId}" in this account.`);
  }

  /** One page of the waves of an account, newest first. */
  list(sql: EntityManager, tenant: string, { after, limit }: Page): Promise<CountedWaveRow[]> {
    return this.query<CountedWaveRow>(
      sql,
      { tenant },
      (condition) => `${selectWave} WHERE ${condition('w.aid')} AND w.id < $1 ORDER BY w.id DESC LIMIT $2`,
      [after, limit],
    );
  }

  /** One page of the instances of a wave; `id` is the position. */
  listInstances(
    sql: EntityManager,
    waveId: number,
    { after, limit }: Page,
  ): Promise<(WaveInstanceRow & { readonly id: number })[]> {
    return runSql(
      sql,
      `SELECT u.*, u.position AS id FROM upgrade_wave_instance u WHERE u.wave_id = $1 AND u.position > $2
       ORDER BY u.position LIMIT $3`,
      [waveId, after, limit],
    );
  }

  /** The row ids of the running waves of all accounts, oldest first. */
  listRunning(sql: EntityManager): Promise<{ readonly id: number }[]> {
    return this.query(
      sql,
      { everyTenantBecause: 'one loop runs the waves of all accounts' },
      (condition) => `SELECT id FROM upgrade_wave WHERE ${condition('aid')} AND state = 'running' ORDER BY id`,
    );
  }

  /** Locks a wave: each of its steps sees the one before. Instances are locked after it. */
  async lock(sql: EntityManager, id: number): Promise<UpgradeWaveRow | undefined> {
    const [wave] = await runSql<UpgradeWaveRow>(sql, 'SELECT * FROM upgrade_wave WHERE id = $1 FOR NO KEY UPDATE', [
      id,
    ]);
    return wave;
  }

  /** The progress of a locked wave. */
  async progress(sql: EntityManager, wave: UpgradeWaveRow): Promise<WaveProgress<WaveInstanceRow>> {
    const [read] = await runSql<{ running: number; failed: WaveInstanceRow | null; pending: WaveInstanceRow | null }>(
      sql,
      `SELECT (SELECT count(*)::int FROM upgrade_wave_instance WHERE wave_id = $1 AND state = 'running') AS running,
         ${firstIn('failed')} AS failed, ${firstIn('pending')} AS pending`,
      [wave.id],
    );
    const { running = 0, failed, pending } = read ?? {};
    return {
      maxUnavailable: wave.max_unavailable,
      running,
      failed: failed ?? undefined,
      pending: pending ?? undefined,
    };
  }

  /** Writes the state of an instance that was pending. */
  async settle(sql: EntityManager, waveId: number, position: number, settled: SettledInstance): Promise<void> {
    const { state, jobId, reason, message } = settled;
    await runSql(
      sql,
      `UPDATE upgrade_wave_instance SET state = $3, job_id = coalesce($4, job_id), reason = $5, message = $6
       WHERE wave_id = $1 AND position = $2`,
      [waveId, position, state, jobId, reason, message],
    );
  }

  /** Ends a wave. */
  async end(sql: EntityManager, id: number, state: Exclude<WaveState, 'running'>, why?: Block): Promise<void> {
    await runSql(
      sql,
      'UPDATE upgrade_wave SET state = $2, reason = $3, message = $4, completed_at = now() WHERE id = $1',
      [id, state, why?.reason, why?.message],
    );
  }

  /** Skips the instances of a wave that have not started. */
  async skipPending(sql: EntityManager, id: number, { reason, message }: Block): Promise<void> {
    await runSql(
      sql,
      `UPDATE upgrade_wave_instance SET state = 'skipped', reason = $2, message = $3
       WHERE wave_id = $1 AND state = 'pending'`,
      [id, reason, message],
    );
  }

  /** Makes a failed wave run again; its failed instances are pending again. */
  async resume(sql: EntityManager, id: number): Promise<void> {
    await runSql(
      sql,
      `WITH retried AS (
         UPDATE upgrade_wave_instance SET state = 'pending', reason = NULL, message = NULL
         WHERE wave_id = $1 AND state = 'failed')
       UPDATE upgrade_wave SET state = 'running', reason = NULL, message = NULL, completed_at = NULL WHERE id = $1`,
      [id],
    );
  }
}
