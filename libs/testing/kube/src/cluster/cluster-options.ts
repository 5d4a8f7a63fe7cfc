import type { BuildOptions } from '../build/build.js';
import type { Operator } from './base-objects.js';

export interface ClusterOptions extends BuildOptions {
  /** The folder for data, keys, logs and pid files; created when it does not exist. */
  readonly dataDir: string;
  /** Whether data reaches the disk and survives. Default false: for one run. */
  readonly persistent?: boolean;
  /** Names of the Node objects. Default node-1 and node-2. */
  readonly nodes?: readonly string[];
  /** Operators whose CRDs are installed. Default all. */
  readonly operators?: readonly Operator[];
  /** The API server's port; 0 = the previous one on this data, or a free one. */
  readonly port?: number;
  /** Receives one line whenever a component ended unexpectedly or runs again. */
  readonly onEvent?: (line: string) => void;
}
