import { type Clock, systemClock } from '@runos/kernel';
import { stepped } from './backoff.js';

/** A manager that answers every repair at once made 300 repairs in 5 s: these delays make it 6 in 13 minutes. */
export const fightStepsMs: readonly number[] = [0, 1_000, 5_000, 30_000, 120_000, 600_000];

/** After ten quiet minutes a fight is over. */
export const fightQuietMs = 600_000;

/** From this round on it is a fight and no accident. */
export const contestedFromRound = 3;

export interface Round {
  /** 1 for the first change seen. */
  readonly number: number;
  /** How long to hold the repair back; what changes meanwhile is repaired with it. */
  readonly delayMs: number;
  readonly contested: boolean;
}

export interface FightOptions {
  readonly clock?: Clock;
  readonly stepsMs?: readonly number[];
  readonly quietMs?: number;
}

interface Fight {
  rounds: number;
  /** When the repair of the last round was or is due: quiet is counted from there. */
  repairAt: number;
}

/** Remembers who undoes our repairs, per key (object, paths, manager), and slows the answers down. */
export class Fights {
  readonly #fights = new Map<string, Fight>();
  readonly #clock: Clock;
  readonly #quietMs: number;
  readonly #delay: (round: number) => number;

  constructor({ clock = systemClock, stepsMs = fightStepsMs, quietMs = fightQuietMs }: FightOptions = {}) {
    this.#clock = clock;
    this.#quietMs = quietMs;
    this.#delay = stepped(stepsMs);
  }

  /** Counts one more foreign change. A change while a repair is still held back belongs to the same round. */
  round(key: string): Round {
    const now = this.#clock.now().getTime();
    this.#forgetQuiet(now);
    const fight = this.#fights.get(key) ?? { rounds: 0, repairAt: now };
    if (fight.rounds === 0 || now >= fight.repairAt) {
      fight.rounds += 1;
      fight.repairAt = now + this.#delay(fight.rounds);
      this.#fights.set(key, fight);
    }
    return {
      number: fight.rounds,
      delayMs: Math.max(0, fight.repairAt - now),
      contested: fight.rounds >= contestedFromRound,
    };
  }

  /** Milliseconds until the fight counts as over; 0 when there is none. */
  quietInMs(key: string): number {
    const fight = this.#fights.get(key);
    return fight ? Math.max(0, fight.repairAt + this.#quietMs - this.#clock.now().getTime()) : 0;
  }

  #forgetQuiet(now: number): void {
    for (const [key, fight] of this.#fights) {
      if (now - fight.repairAt >= this.#quietMs) this.#fights.delete(key);
    }
  }
}
