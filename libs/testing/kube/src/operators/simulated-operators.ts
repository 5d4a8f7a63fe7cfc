import { setMaxListeners } from 'node:events';
import { serviceTypes } from '@runos/service-types';
import type { Target } from '../cluster/kube-request.js';
import { OperatorController } from './operator-controller.js';

/** The operators that service types need, played in this process. Each waits until its CRD is served. */
export class SimulatedOperators {
  readonly #stopping = new AbortController();
  #running: readonly Promise<void>[] = [];

  constructor(
    private readonly target: () => Target,
    private readonly onEvent?: (line: string) => void,
  ) {}

  /** Call it once. */
  start(): void {
    const { signal } = this.#stopping;
    setMaxListeners(0, signal); // one for each object that waits
    const operators = serviceTypes.flatMap(({ operator }) => operator ?? []);
    this.#running = operators.map((each) => new OperatorController(each, this.target, signal, this.onEvent).run());
  }

  /** Resolves when nothing is written any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }
}
