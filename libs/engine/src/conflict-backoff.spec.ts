import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { conflictResetMs, ConflictBackoff } from './conflict-backoff.js';

let clock: ManualClock;
let fights: ConflictBackoff;

beforeEach(() => {
  clock = new ManualClock();
  fights = new ConflictBackoff({ clock });
});

/** One foreign change, and the repair that answers it when it may. */
async function exchange(key: string): Promise<[delaySeconds: number, contested: boolean]> {
  const { delayMs, contested } = fights.round(key);
  await clock.advance(delayMs);
  fights.answered(key);
  return [delayMs / 1_000, contested];
}

describe('a fight', () => {
  it('is answered at once, then ever later, and is contested from the third round', async () => {
    const seen: [number, boolean][] = [];
    for (let round = 0; round < 8; round += 1) seen.push(await exchange('replicas'));
    expect(seen).toEqual([
      [0, false],
      [1, false],
      [5, true],
      [30, true],
      [120, true],
      [600, true],
      [600, true],
      [600, true],
    ]);
  });

  it('counts changes during a held-back repair as one round, also when the repair comes late', async () => {
    await exchange('replicas');
    expect(fights.round('replicas')).toMatchObject({ number: 2, delayMs: 1_000 });
    await clock.advance(400);
    expect(fights.round('replicas')).toMatchObject({ number: 2, delayMs: 600 });
    await clock.advance(5_000);
    expect(fights.round('replicas')).toMatchObject({ number: 2, delayMs: 0 });
  });

  it('is over after ten quiet minutes, counted from the last repair', async () => {
    for (let round = 0; round < 4; round += 1) await exchange('replicas');
    await clock.advance(conflictResetMs - 1);
    expect(fights.quietInMs('replicas')).toBe(1);
    await clock.advance(1);
    expect(fights.round('replicas')).toMatchObject({ number: 1, contested: false });
  });

  it('is not over while a repair is held back, however long that takes', async () => {
    for (let round = 0; round < 5; round += 1) await exchange('replicas');
    fights.round('replicas');
    await clock.advance(600_000);
    expect(fights.round('replicas').number).toBe(6);
  });

  it('is one per key', () => {
    fights.round('replicas');
    expect(fights.round('image').number).toBe(1);
    expect(fights.quietInMs('nothing')).toBe(0);
  });
});
