import { type Clock, systemClock } from '@runos/kernel';
import { fixedDelays } from './backoff.js';

/** A manager that overwrote every repair at once caused 300 repairs in 5 s. With these delays it causes 6 in 13 minutes. */
export const conflictDelaysMs: readonly number[] = [0, 1_000, 5_000, 30_000, 120_000, 600_000];

/** A conflict ends after ten minutes without a change. */
export const conflictResetMs = 600_000;

/** From this attempt on the object is reported as contested: two changes can be a coincidence, three are not. */
export const contestedFromAttempt = 3;

export interface ConflictAttempt {
  /** 1 for the first change. */
  readonly number: number;
  /** Delay of the repair. Changes in the meantime are repaired together with this one. */
  readonly delayMs: number;
  readonly contested: boolean;
}

export interface ConflictBackoffOptions {
  readonly clock?: Clock;
  readonly delaysMs?: readonly number[];
  readonly resetAfterMs?: number;
}

interface Conflict {
  attempts: number;
  nextRepairAt: number;
  /** Undefined while the repair of this attempt is delayed. */
  repairedAt?: number;
}

/** Counts how often a manager overwrites our repairs, per key (object, paths, manager), and delays further repairs. */
export class ConflictBackoff {
  readonly #conflicts = new Map<string, Conflict>();
  readonly #clock: Clock;
  readonly #resetAfterMs: number;
  readonly #delay: (attempt: number) => number;

  constructor({
    clock = systemClock,
    delaysMs = conflictDelaysMs,
    resetAfterMs = conflictResetMs,
  }: ConflictBackoffOptions = {}) {
    this.#clock = clock;
    this.#resetAfterMs = resetAfterMs;
    this.#delay = fixedDelays(delaysMs);
  }

  /** Records a foreign change and returns its attempt. While a repair is delayed, changes belong to the same attempt. */
  recordChange(key: string): ConflictAttempt {
    const now = this.#now();
    this.#deleteExpired(now);
    let conflict = this.#conflicts.get(key);
    if (conflict === undefined || conflict.repairedAt !== undefined) {
      const attempts = (conflict?.attempts ?? 0) + 1;
      conflict = { attempts, nextRepairAt: now + this.#delay(attempts) };
      this.#conflicts.set(key, conflict);
    }
    const delayMs = Math.max(0, conflict.nextRepairAt - now);
    return { number: conflict.attempts, delayMs, contested: conflict.attempts >= contestedFromAttempt };
  }

  /** Records the repair of the current attempt. The next change starts another attempt. */
  recordRepair(key: string): void {
    const conflict = this.#conflicts.get(key);
    if (conflict) conflict.repairedAt = this.#now();
  }

  /** Milliseconds until the conflict ends: 0 without a conflict, the whole reset time while a repair is delayed. */
  resetInMs(key: string): number {
    const conflict = this.#conflicts.get(key);
    if (conflict === undefined) return 0;
    return conflict.repairedAt === undefined
      ? this.#resetAfterMs
      : Math.max(0, conflict.repairedAt + this.#resetAfterMs - this.#now());
  }

  #now(): number {
    return this.#clock.monotonicMs();
  }

  #deleteExpired(now: number): void {
    for (const [key, { repairedAt }] of this.#conflicts) {
      if (repairedAt !== undefined && now - repairedAt >= this.#resetAfterMs) this.#conflicts.delete(key);
    }
  }
}
