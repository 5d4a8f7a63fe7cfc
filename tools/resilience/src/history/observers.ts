import { setTimeout as sleep } from 'node:timers/promises';
import { RandomSequence } from '../load/load.js';
import type { Ledger } from '../load/ledger.js';
import { lastingMs } from './check-statuses.js';
import { followJob } from './follow-job.js';
import { type Endpoint, send } from './send.js';

export interface ObserverOptions {
  /** `/:aid/:cid/services` */
  readonly services: string;
  readonly aid: string;
  /** The addresses of the replicas of the gateway, each of which is observed. */
  readonly endpoints: readonly Endpoint[];
  readonly ledger: Ledger;
  readonly seed: number;
}

/** The pause between two reads of one observer, ms. */
const pauseMs = 250;
/** The pause between two reads of an instance that is not healthy at the end, ms. */
const endPauseMs = 1_000;
/** Reads concern the newest instances and jobs, which change. */
const recent = 12;

/** Clients that read instances, jobs and lists through every replica of the gateway, and follow jobs. */
export class Observers {
  /** Ends the observation while the run goes on. */
  readonly #finished = new AbortController();
  readonly #end: AbortSignal;
  #running: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ObserverOptions) {
    this.#end = AbortSignal.any([this.#finished.signal, options.ledger.end.signal]);
  }

  /** Observes until `finish` is called or the run of the ledger ends. */
  start(): void {
    const { endpoints, seed } = this.options;
    this.#running = Promise.all(
      endpoints.flatMap((endpoint, n) => [
        this.#read(endpoint, new RandomSequence(seed + n)),
        this.#follow([...endpoints.slice(n), ...endpoints.slice(0, n)]),
      ]),
    );
    this.#running.catch(() => undefined); // awaited in `finish`
  }

  /** Ends the observation, and reads every job and instance once more. */
  async finish(): Promise<void> {
    this.#finished.abort();
    await this.#running;
    const { endpoints, ledger } = this.options;
    const paths = [
      ...[...ledger.jobs.values()].flatMap((id) => [`/jobs/${id}`, `/jobs/${id}/workitems`]),
      ...ledger.instances.map(({ path }) => path),
      ...this.#lists(),
    ];
    await Promise.all(
      endpoints.map(async (endpoint) => {
        for (const path of paths) if (!ledger.end.signal.aborted) await send(endpoint, path, ledger.history);
      }),
    );
  }

  /** Reads the instances once more after everything has converged: those that are not healthy until that lasts. */
  async readEnd(): Promise<void> {
    const { endpoints, ledger } = this.options;
    const [endpoint] = endpoints;
    if (endpoint === undefined) return;
    const readUnhealthy = async (paths: readonly string[]): Promise<string[]> => {
      const unhealthy: string[] = [];
      for (const path of paths) {
        const service = Object(await send(endpoint, path, ledger.history)) as { readonly status?: string };
        if (service.status !== 'healthy') unhealthy.push(path);
      }
      return unhealthy;
    };
    const until = ledger.history.now() + 1.5 * lastingMs;
    let left = await readUnhealthy(ledger.living.map(({ path }) => path));
    while (left.length > 0 && ledger.history.now() < until && !ledger.end.signal.aborted) {
      await sleep(endPauseMs);
      left = await readUnhealthy(left);
    }
  }

  /** Each reader has its own sequence: response times do not change its choices. */
  async #read(endpoint: Endpoint, random: RandomSequence): Promise<void> {
    while (!this.#end.aborted) {
      const path = random.pick([
        this.#instancePath(random),
        this.#instancePath(random),
        this.#statusPath(random),
        ...this.#lists(),
        ...this.#jobPaths(random),
      ]);
      if (path !== undefined) await send(endpoint, path, this.options.ledger.history);
      await sleep(pauseMs);
    }
  }

  #lists = (): string[] => [`${this.options.services}?limit=1000`, `/${this.options.aid}/jobs?limit=20`];

  #instancePath = (random: RandomSequence): string | undefined =>
    this.#recent(random, this.options.ledger.instances)?.path;

  #statusPath(random: RandomSequence): string | undefined {
    const path = this.#instancePath(random);
    return path && `${path}/status`;
  }

  #jobPaths(random: RandomSequence): string[] {
    const id = this.#recent(random, [...this.options.ledger.jobs.values()]);
    return id === undefined ? [] : [`/jobs/${id}`, `/jobs/${id}/workitems`];
  }

  /** One of the newest, or now and then of all. */
  #recent<T>(random: RandomSequence, all: readonly T[]): T | undefined {
    if (all.length === 0) return undefined;
    return random.pick(random.below(4) === 0 ? all : all.slice(-recent));
  }

  /** Follows one job after the other, the newest first; after a break it resumes at the next replica. */
  async #follow(endpoints: readonly Endpoint[]): Promise<void> {
    const followed = new Set<string>();
    const { ledger } = this.options;
    while (!this.#end.aborted) {
      const id = [...ledger.jobs.values()].at(-1);
      if (id === undefined || followed.has(id)) await sleep(pauseMs);
      else {
        followed.add(id);
        await followJob(endpoints, id, ledger.history, this.#end);
      }
    }
  }
}
