import type { Dependent } from './instance-facts.js';
import type { RefusedDeletions } from './refused-deletions.js';

/** What delays a removal. */
export interface RemovalBlockers {
  readonly blockers: readonly Dependent[];
  readonly reason: string;
  readonly message: string;
}

/** The removal proceeds as usual. */
export const notBlocked: RemovalBlockers = { blockers: [], reason: 'Deleting', message: '' };

/** Progress of the removal of one instance. Only the transitions below change it. */
export class RemovalState {
  readonly #volumes = new Set<string>();
  #hasFoundVolumes = false;
  #retainedVolumes: readonly string[] = [];
  #blocked: RemovalBlockers = notBlocked;
  #undeleted: ReadonlySet<string> | undefined;
  readonly #deleted: string[] = [];
  readonly #requests = new Set<Promise<unknown>>();
  #isDone = false;
  #isAcknowledged = false;

  /** `startedAt`: ms of the monotonic clock. */
  constructor(
    readonly startedAt: number,
    readonly refusals: RefusedDeletions,
  ) {}

  /** The volumes were read before the first deletion, which may delete the claims that name them. */
  get hasFoundVolumes(): boolean {
    return this.#hasFoundVolumes;
  }

  /** The deletion of all objects is proven. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The plane has acknowledged the final status. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged;
  }

  get blocked(): RemovalBlockers {
    return this.#blocked;
  }

  /** Names of the objects whose deletion this process has requested with success. */
  get deleted(): readonly string[] {
    return this.#deleted;
  }

  /** Sends the request to delete the object of this name, and records that it succeeded. */
  async requestDeletion<T>(name: string, send: () => Promise<T>): Promise<T> {
    const request = send();
    this.#requests.add(request);
    try {
      const result = await request;
      this.#deleted.push(name);
      return result;
    } finally {
      this.#requests.delete(request);
    }
  }

  /** Resolves when every request that has been sent is answered. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#requests);
  }

  /** False for an object whose deletion is proven, or that is deleted with its terminating namespace. */
  isUndeleted(key: string): boolean {
    return this.#undeleted?.has(key) ?? true;
  }

  /** Names of the volumes behind its claims, retained or not. */
  get volumes(): ReadonlySet<string> {
    return this.#volumes;
  }

  /** Names of the volumes that the reclaim policy retains. */
  get retainedVolumes(): readonly string[] {
    return this.#retainedVolumes;
  }

  recordFoundVolumes(names: Iterable<string>, retained: readonly string[]): void {
    this.recordVolumes(names);
    this.#retainedVolumes = retained;
    this.#hasFoundVolumes = true;
  }

  recordVolumes(names: Iterable<string>): void {
    for (const name of names) this.#volumes.add(name);
  }

  recordRetainedVolumes(names: readonly string[]): void {
    this.#retainedVolumes = names;
  }

  /** The keys of the objects that must still be deleted. */
  recordUndeleted(keys: ReadonlySet<string>): void {
    this.#undeleted = keys;
  }

  recordBlocked(blocked: RemovalBlockers): void {
    this.#blocked = blocked;
  }

  recordDone(): void {
    this.#isDone = true;
    this.#blocked = { ...this.#blocked, blockers: [] };
  }

  recordAcknowledged(): void {
    this.#isAcknowledged = true;
  }
}
