import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervised } from '@runos/testing-process';
import type { CustomStages } from '../stages/write-stages.js';
import { servedCrd } from './custom-resources.js';
import type { Target } from './kube-request.js';

/** Between two reads of the CRDs, ms. A restart of kwok takes less. */
const intervalMs = 500;

/**
 * The operators that kwok simulates: those whose CRDs are served, because kwok does not start with a stage of any other
 * resource. Its watch of a resource ends with the CRD and retries with a back-off of up to minutes. So a CRD that
 * returns needs a restart too.
 */
export class SimulatedOperators {
  /** The uid of the served CRD of each. */
  #served: ReadonlyMap<CustomStages, string> = new Map();

  constructor(
    private readonly operators: readonly CustomStages[],
    private readonly target: () => Target,
  ) {}

  /** The files of kwok's stages at its next start. */
  stages(): string[] {
    return this.operators.filter((each) => this.#served.has(each)).flatMap(({ files }) => files);
  }

  /** Reads the CRDs. Resolves with true if one is served that was not before, or only as its deleted predecessor. */
  async refresh(): Promise<boolean> {
    const target = this.target();
    const read = await Promise.all(
      this.operators.map(async (each) => [each, await servedCrd(target, each.on)] as const),
    );
    const before = this.#served;
    this.#served = new Map(read.flatMap(([each, uid]) => (uid === undefined ? [] : [[each, uid] as const])));
    return [...this.#served].some(([each, uid]) => before.get(each) !== uid);
  }

  /** Restarts kwok, unless it is stopped, whenever an operator can be simulated from now on. Ends with the signal. */
  async follow(kwok: Supervised, signal: AbortSignal, onEvent?: (line: string) => void): Promise<void> {
    while (!signal.aborted) {
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined); // rejects when the signal aborts
      // Without an API server, as during its restart, the next round reads them.
      const isRestartNeeded = await this.refresh().catch(() => false);
      if (!isRestartNeeded || signal.aborted || kwok.isStopped) continue;
      await kwok.stop();
      if (signal.aborted) return;
      await kwok.start().catch((error: Error) => {
        if (!signal.aborted) onEvent?.(`kwok does not start: ${error.message}`);
      });
    }
  }
}
