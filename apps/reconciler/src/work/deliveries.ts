import { Injectable } from '@nestjs/common';
import { exponentialBackoff } from '@runos/engine';
import { systemClock } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import { randomUUID } from 'node:crypto';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { Deliver } from '../delivery/deliver.js';
import { type Claim, claimWork, nextDueInMs } from './claim-work.js';
import { finishWork } from './finish-work.js';
import { Pokes } from './pokes.js';

/** Due work that cannot be claimed now (another worker chooses in that lane, or the lane is full) is asked for again after this, ms. */
const againMs = 100;
/** After a turn that failed; not at once, for the reason may be in ourselves. */
const afterFailure = exponentialBackoff({ firstMs: 200, maxMs: 15_000 });
/** While the database is away a claim is tried to be given back this often, ms. */
const giveBackMs = 500;

/** Claims due work and delivers it, so much at a time as this process may. */
@Injectable()
export class Deliveries {
  readonly #worker: string;
  readonly #running = new Set<Promise<void>>();
  /** Something due was left, for want of room: who ends makes some. */
  #leftOver = false;
  #ending = false;

  constructor(
    private readonly database: Database,
    private readonly deliver: Deliver,
    private readonly pokes: Pokes,
    @InjectConfig() private readonly config: ReconcilerConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {
    this.#worker = `${config.replicaId}/${randomUUID().slice(0, 8)}`;
  }

  /** Starts what is due and can be claimed; answers when to look again, in ms, if anything is to come. */
  async run(signal: AbortSignal): Promise<number | undefined> {
    while (!signal.aborted) {
      const free = this.config.workers - this.#running.size;
      this.#leftOver = free <= 0;
      if (this.#leftOver) return undefined;
      const claims = await claimWork(this.database.manager, {
        worker: this.#worker,
        leaseMs: this.config.leaseSeconds * 1_000,
        laneCap: this.config.laneCap,
        limit: Math.min(free, this.config.laneCap),
      });
      if (claims.length === 0) break;
      for (const claim of claims) this.#start(claim);
    }
    const next = await nextDueInMs(this.database.manager);
    this.#leftOver = next === 0;
    return next === undefined ? undefined : Math.max(next, againMs);
  }

  /** Resolves when nothing is being delivered any more. */
  async drained(): Promise<void> {
    this.#ending = true;
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #start(claim: Claim): void {
    const turn = this.deliver
      .run(claim)
      .then((dueInMs) => {
        if (dueInMs !== undefined) this.pokes.poke('work', dueInMs);
      })
      .catch((error: unknown) => {
        this.logger.error({ err: error, work: claim.id }, 'a turn of work failed');
        return this.#giveBack(claim);
      })
      .finally(() => {
        this.#running.delete(turn);
        if (this.#leftOver) this.pokes.poke('work');
      });
    this.#running.add(turn);
  }

  /**
   * Nobody need wait for the end of a lease whose holder is alive. Where the database is away for longer than that, or
   * this process ends first, the lease ends by itself, and the next worker takes the work, here or elsewhere.
   */
  async #giveBack(claim: Claim): Promise<void> {
    const failures = claim.failures + 1;
    const finish = { claim, failures, againInMs: afterFailure(failures) };
    const until = performance.now() + this.config.leaseSeconds * 1_000;
    while (performance.now() < until) {
      try {
        const [given] = await this.database.transaction((sql) => finishWork(sql, [finish]));
        return this.pokes.poke('work', given?.dueInMs ?? 0);
      } catch (error) {
        if (this.#ending) return;
        this.logger.debug({ err: error, work: claim.id }, 'a claim is given back a little later');
        await systemClock.sleep(giveBackMs);
      }
    }
    this.pokes.poke('work');
  }
}
