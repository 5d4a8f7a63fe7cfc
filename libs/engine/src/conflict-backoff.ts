import { type Clock, systemClock } from '@runos/kernel';
import { fixedDelays } from './backoff.js';

/** A manager that answers every repair at once made 300 repairs in 5 s: these delays make it 6 in 13 minutes. */
export const conflictDelaysMs: readonly number[] = [0, 1_000, 5_000, 30_000, 120_000, 600_000];

/** After ten quiet minutes a fight is over. */
export const conflictResetMs = 600_000;

/** From this round on it is a fight and no accident. */
export const contestedFromAttempt = 3;

export interface ConflictAttempt {
  /** 1 for the first change seen. */
  readonly number: number;
  /** How long to hold the repair back; what changes meanwhile is repaired with it. */
  readonly delayMs: number;
  readonly contested: boolean;
}

export interface ConflictBackoffOptions {
  readonly clock?: Clock;
  readonly stepsMs?: readonly number[];
  readonly quietMs?: number;
}

interface Conflict {
  rounds: number;
  /** When the repair of this round is due. */
  repairAt: number;
  /** When it was made; undefined while it is held back. */
  answeredAt?: number;
}

/** Remembers who undoes our repairs, per key (object, paths, manager), and slows the answers down. */
export class ConflictBackoff {
  readonly #fights = new Map<string, Conflict>();
  readonly #clock: Clock;
  readonly #quietMs: number;
  readonly #delay: (round: number) => number;

  constructor({
    clock = systemClock,
    stepsMs = conflictDelaysMs,
    quietMs = conflictResetMs,
  }: ConflictBackoffOptions = {}) {
    this.#clock = clock;
    this.#quietMs = quietMs;
    this.#delay = fixedDelays(stepsMs);
  }

  /** A foreign change was seen: the round it belongs to. While a repair is held back that round goes on. */
  round(key: string): ConflictAttempt {
    const now = this.#now();
    this.#forgetQuiet(now);
    let fight = this.#fights.get(key);
    if (fight === undefined || fight.answeredAt !== undefined) {
      const rounds = (fight?.rounds ?? 0) + 1;
      fight = { rounds, repairAt: now + this.#delay(rounds) };
      this.#fights.set(key, fight);
    }
    const delayMs = Math.max(0, fight.repairAt - now);
    return { number: fight.rounds, delayMs, contested: fight.rounds >= contestedFromAttempt };
  }

  /** The repair of the round was made: the next change begins another one. */
  answered(key: string): void {
    const fight = this.#fights.get(key);
    if (fight) fight.answeredAt = this.#now();
  }

  /** Milliseconds until the fight counts as over; 0 when there is none, `quietMs` while a repair is held back. */
  quietInMs(key: string): number {
    const fight = this.#fights.get(key);
    if (fight === undefined) return 0;
    return fight.answeredAt === undefined ? this.#quietMs : Math.max(0, fight.answeredAt + this.#quietMs - this.#now());
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #forgetQuiet(now: number): void {
    for (const [key, { answeredAt }] of this.#fights) {
      if (answeredAt !== undefined && now - answeredAt >= this.#quietMs) this.#fights.delete(key);
    }
  }
}
