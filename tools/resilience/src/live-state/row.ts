import type { PlaneClient } from '@runos/tool-e2e';
import type { RowResult } from './row-result.js';

/** The running plane with its own cluster. */
export interface Stage {
  readonly plane: PlaneClient;
  /** The data folder of the plane. */
  readonly data: string;
  /** Whether nodes run containers; on simulated ones operators are played, and volumes do not grow. */
  readonly hasRealNodes: boolean;
}

/** One input by which operators lost sight of the live state, with what must be seen instead. */
export interface Row {
  readonly id: string;
  readonly input: string;
  /** It disturbs the other rows, and so runs after them. */
  readonly isAlone?: boolean;
  run(stage: Stage, result: RowResult): Promise<void>;
}
