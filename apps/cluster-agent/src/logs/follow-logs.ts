import type { LogEntry } from '@runos/agent-protocol';
import type { LogContainer } from './log-containers.js';
import { diagnostic } from './log-line.js';
import { LogProgress } from './log-progress.js';
import { keyOf, type LogReader, maxContainers, type Progresses, selectedContainers } from './log-reader.js';
import { MergedLogs } from './merged-logs.js';
import { unreadable } from './unreadable.js';

/** How long an entry waits for older ones of other containers, ms. */
const orderWindowMs = 100;
/** How often new pods and containers are looked for, ms. */
const refreshMs = 2_000;

/**
 * The lines after those of `progresses`, of containers that start later too. Ends when the pod of the query is gone, and
 * with the last pod of an instance that is removed.
 */
export async function* followLogs(reader: LogReader, progresses: Progresses): AsyncGenerator<LogEntry[]> {
  const stopping = new AbortController();
  const signal = AbortSignal.any([reader.signal, stopping.signal]);
  const follower = new LogFollower({ ...reader, signal }, progresses);
  const refreshing = follower.run();
  try {
    yield* follower.merged.entries(signal);
  } finally {
    stopping.abort();
    await refreshing;
  }
}

class LogFollower {
  readonly merged: MergedLogs;
  #problem: string | undefined;

  constructor(
    private readonly reader: LogReader,
    private readonly progresses: Progresses,
  ) {
    this.merged = new MergedLogs(reader.clock, orderWindowMs);
  }

  async run(): Promise<void> {
    const { clock, signal, query, isRemoved } = this.reader;
    while (!signal.aborted) {
      // Before the pods are listed: none of them starts after that.
      const startsNoPod = query.pod !== undefined || isRemoved();
      const found = await this.#refresh();
      if (startsNoPod && found === 0 && this.#openCount() === 0) break;
      await clock.sleep(refreshMs, signal);
    }
    this.merged.finish();
  }

  /** The number of containers; undefined if they cannot be listed now. */
  async #refresh(): Promise<number | undefined> {
    const { query, signal } = this.reader;
    try {
      const containers = await selectedContainers(this.reader);
      for (const container of containers) this.#open(container);
      this.#forgetOthers(new Set(containers.map(keyOf)));
      this.#problem = undefined;
      return containers.length;
    } catch (error) {
      const problem = `The pods of ${query.osid} cannot be listed: ${(error as Error).message}`;
      if (!signal.aborted && problem !== this.#problem) this.#add(problem);
      this.#problem = problem;
      return undefined;
    }
  }

  #openCount = (): number => [...this.progresses.values()].filter(({ isOpen }) => isOpen).length;

  /** A deployment that is updated often has had any number of pods. */
  #forgetOthers(keys: ReadonlySet<string>): void {
    for (const [key, { isOpen }] of this.progresses) if (!isOpen && !keys.has(key)) this.progresses.delete(key);
  }

  #open(container: LogContainer): void {
    const progress = this.progresses.get(keyOf(container)) ?? new LogProgress(this.reader.clock);
    const { run } = container;
    if (run === undefined || progress.isOpen || progress.completedRun === run) return;
    if (this.#openCount() >= maxContainers) return;
    this.progresses.set(keyOf(container), progress);
    progress.isOpen = true;
    void this.merged.add(this.#entries(container, progress));
  }

  async *#entries(container: LogContainer, progress: LogProgress): AsyncGenerator<LogEntry[]> {
    const { logs, query, signal, clock } = this.reader;
    try {
      for (let isAll = false; !isAll && !signal.aborted;) {
        const selection = { ...progress.selection(container, query.sinceSeconds), follow: true };
        isAll = yield* progress.entries(container, logs.lines(container, selection, signal), selection);
      }
      if (!container.isRunning) progress.completedRun = container.run;
    } catch (error) {
      const problem = unreadable(container, (error as Error).message);
      if (!signal.aborted && problem !== progress.problem) yield [diagnostic(clock.now(), problem, container.podName)];
      progress.problem = problem;
    } finally {
      progress.isOpen = false;
    }
  }

  #add(problem: string): void {
    const entry = diagnostic(this.reader.clock.now(), problem);
    void this.merged.add(only(entry));
  }
}

async function* only(entry: LogEntry): AsyncGenerator<LogEntry[]> {
  yield await Promise.resolve([entry]);
}
