import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, ownIdentity, type ProcessIdentity, writeFileAtomic } from '@runos/testing-process';

/** The state that the background process writes to `<folder>/state.json`. */
export interface DevClusterState {
  readonly supervisor: ProcessIdentity;
  readonly kubeconfig: string;
  readonly server: string;
  readonly pids: Readonly<Record<string, number>>;
}

/** The development cluster of one checkout: its folder, and the state of its supervisor. */
export class DevCluster {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  readonly logFile = (): string => join(this.folder, 'supervisor.log');
  readonly #stateFile = (): string => join(this.folder, 'state.json');

  /** undefined while it does not run, even when an ended supervisor left a file. */
  state(): DevClusterState | undefined {
    if (!existsSync(this.#stateFile())) return undefined;
    const state = JSON.parse(readFileSync(this.#stateFile(), 'utf8')) as DevClusterState;
    return isRunning(state.supervisor) ? state : undefined;
  }

  writeState(state: Omit<DevClusterState, 'supervisor'>): void {
    writeFileAtomic(this.#stateFile(), JSON.stringify({ supervisor: ownIdentity(), ...state }, null, 2));
  }

  removeState(): void {
    rmSync(this.#stateFile(), { force: true });
  }
}
