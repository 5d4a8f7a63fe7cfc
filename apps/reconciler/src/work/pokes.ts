import { Injectable } from '@nestjs/common';

/** The loops of this process: deliveries, deadlines of jobs, removals of clusters, and forgetting what is old. */
export type LoopName = 'work' | 'deadlines' | 'removals' | 'housekeeping';

/** Wakes a loop of this process at once, or in `delayMs`, from wherever its reason appears. */
@Injectable()
export class Pokes {
  #hear: ((loop: LoopName, delayMs: number) => void) | undefined;

  /** The loops listen here; before they run and after they have stopped, a poke has no effect. */
  onPoke(hear: ((loop: LoopName, delayMs: number) => void) | undefined): void {
    this.#hear = hear;
  }

  poke(loop: LoopName, delayMs = 0): void {
    this.#hear?.(loop, delayMs);
  }
}
