export interface FairSchedulerOptions {
  /** Work in progress of all groups. */
  readonly total: number;
  /** Work in progress of one group. */
  readonly perGroup: number;
}

interface Group {
  running: number;
  /** Each starts one piece of work. */
  readonly waiting: (() => void)[];
}

/** Bounds the work in progress, in total and of each group. Groups are served round-robin, the work of one in order. */
export class FairScheduler {
  /** The groups with work, in the order in which they are served. */
  readonly #groups = new Map<string, Group>();
  #running = 0;
  #waiting = 0;

  constructor(private readonly options: FairSchedulerOptions) {}

  /** The number of pieces of work that run or wait. */
  get unfinished(): number {
    return this.#running + this.#waiting;
  }

  /** The number of pieces of work of a group that wait. */
  waitingOf(group: string): number {
    return this.#groups.get(group)?.waiting.length ?? 0;
  }

  /** Whether work of a group would start at once. */
  canStart(group: string): boolean {
    const { total, perGroup } = this.options;
    return this.#running < total && (this.#groups.get(group)?.running ?? 0) < perGroup;
  }

  /** Calls `start` when both bounds allow it, possibly at once. The work then runs until `end(group)`. */
  schedule(group: string, start: () => void): void {
    const known = this.#groups.get(group);
    if (known === undefined) this.#groups.set(group, { running: 0, waiting: [start] });
    else known.waiting.push(start);
    this.#waiting += 1;
    this.#startWaiting();
  }

  /** Ends one piece of work of a group, and starts what may run in its place. */
  end(group: string): void {
    const ended = this.#groups.get(group);
    if (ended === undefined) return;
    this.#running -= 1;
    ended.running -= 1;
    if (ended.running === 0 && ended.waiting.length === 0) this.#groups.delete(group);
    this.#startWaiting();
  }

  /** Drops the work that waits. */
  clear(): void {
    this.#waiting = 0;
    for (const [group, { running, waiting }] of this.#groups) {
      waiting.length = 0;
      if (running === 0) this.#groups.delete(group);
    }
  }

  #startWaiting(): void {
    for (let start = this.#take(); start !== undefined; start = this.#take()) start();
  }

  #take(): (() => void) | undefined {
    const { total, perGroup } = this.options;
    if (this.#running >= total) return undefined;
    for (const [name, group] of this.#groups) {
      const start = group.running < perGroup ? group.waiting.shift() : undefined;
      if (start === undefined) continue;
      this.#running += 1;
      this.#waiting -= 1;
      group.running += 1;
      this.#groups.delete(name);
      this.#groups.set(name, group); // it is served after the others
      return start;
    }
    return undefined;
  }
}
