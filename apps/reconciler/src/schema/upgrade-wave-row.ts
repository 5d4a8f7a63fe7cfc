import type { UpgradeWave, WaveInstanceState, WaveState } from '@runos/api';

/** A row of `upgrade_wave`. */
export class UpgradeWaveRow {
  readonly id!: number;
  readonly upgrade_id!: string;
  readonly aid!: string;
  readonly type!: string;
  /** The requested version; null keeps that of each instance. */
  readonly version!: string | null;
  readonly renderer_version!: number;
  readonly max_unavailable!: number;
  readonly up_to_date!: number;
  readonly state!: WaveState;
  readonly reason!: string | null;
  readonly message!: string | null;
  readonly created_by!: string;
  readonly created_at!: Date;
  readonly completed_at!: Date | null;
}

/** A wave with its instances counted by state. */
export interface CountedWaveRow extends UpgradeWaveRow {
  readonly counts: Partial<UpgradeWave['counts']>;
}

/** A row of `upgrade_wave_instance`. */
export interface WaveInstanceRow {
  readonly position: number;
  readonly cid: string;
  readonly osid: string;
  readonly from_version: string;
  readonly from_renderer_version: number;
  /** null: it was blocked when the wave was accepted. */
  readonly to_version: string | null;
  readonly state: WaveInstanceState;
  /** The job of its last attempt. */
  readonly job_id: string | null;
  readonly reason: string | null;
  readonly message: string | null;
}
