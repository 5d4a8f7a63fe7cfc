import { type UpgradeWave, type UpgradeWaveInstance, withoutQuotedLog } from '@runos/api';
import type { CountedWaveRow, UpgradeWaveRow, WaveInstanceRow } from '../schema/upgrade-wave-row.js';

export const waveView = (row: CountedWaveRow): UpgradeWave => ({
  id: row.upgrade_id,
  type: row.type,
  version: row.version,
  rendererVersion: row.renderer_version,
  maxUnavailable: row.max_unavailable,
  state: row.state,
  reason: row.reason,
  message: readable(row.message),
  counts: { upToDate: row.up_to_date, pending: 0, running: 0, completed: 0, failed: 0, skipped: 0, ...row.counts },
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
  completedAt: row.completed_at?.toISOString() ?? null,
});

export const waveInstanceView = (
  { renderer_version }: Pick<UpgradeWaveRow, 'renderer_version'>,
  row: WaveInstanceRow,
): UpgradeWaveInstance => ({
  cid: row.cid,
  osid: row.osid,
  state: row.state,
  planned: {
    from: { version: row.from_version, rendererVersion: row.from_renderer_version },
    to: row.to_version === null ? null : { version: row.to_version, rendererVersion: renderer_version },
  },
  jobId: row.job_id,
  reason: row.reason,
  message: readable(row.message),
});

/** The job of an instance shows the log lines that explain a failure, to those who may read them. */
const readable = (message: string | null): string | null => (message === null ? null : withoutQuotedLog(message));
