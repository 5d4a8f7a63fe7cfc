import { Injectable } from '@nestjs/common';

/** The loops of this process. */
export const loopNames = [
  'work',
  'deadlines',
  'removals',
  'addons',
  'node-tags',
  'upgrades',
  'app-credentials',
] as const;
export type LoopName = (typeof loopNames)[number];

/** Other replicas listen on this channel; the payload is the sender's application name. */
export const workChannel = 'reconciler_work';

/** Wakes a loop of this process from the place where its reason occurs. */
@Injectable()
export class Wakeups {
  #listener: ((loop: LoopName, delayMs: number) => void) | undefined;

  /** `Loops` is the one listener. Before it starts and after it stops, a wake-up has no effect. */
  setListener(listener: ((loop: LoopName, delayMs: number) => void) | undefined): void {
    this.#listener = listener;
  }

  wake(loop: LoopName, delayMs = 0): void {
    this.#listener?.(loop, delayMs);
  }
}
