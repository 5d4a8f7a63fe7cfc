import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, ownIdentity, type ProcessIdentity, writeFileAtomic } from '@runos/testing-process';

/** What the background process tells the others, in `<folder>/state.json`. */
export interface DevClusterState {
  readonly keeper: ProcessIdentity;
  readonly kubeconfig: string;
  readonly server: string;
  readonly pids: Readonly<Record<string, number>>;
}

/** The development cluster of one checkout: its folder, and who keeps it running. */
export class DevCluster {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  readonly logFile = (): string => join(this.folder, 'keeper.log');
  readonly #stateFile = (): string => join(this.folder, 'state.json');

  /** undefined while it does not run, whatever an ended keeper left behind. */
  state(): DevClusterState | undefined {
    if (!existsSync(this.#stateFile())) return undefined;
    const state = JSON.parse(readFileSync(this.#stateFile(), 'utf8')) as DevClusterState;
    return isRunning(state.keeper) ? state : undefined;
  }

  announce(state: Omit<DevClusterState, 'keeper'>): void {
    writeFileAtomic(this.#stateFile(), JSON.stringify({ keeper: ownIdentity(), ...state }, null, 2));
  }

  withdraw(): void {
    rmSync(this.#stateFile(), { force: true });
  }
}
