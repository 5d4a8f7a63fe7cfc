import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@runos/testing-basics';
import { ConflictBackoff, conflictResetMs } from './conflict-backoff.js';

let clock: ManualClock;
let conflicts: ConflictBackoff;

beforeEach(() => {
  clock = new ManualClock();
  conflicts = new ConflictBackoff({ clock });
});

/** One foreign change, and its repair after the delay. */
async function exchange(key: string): Promise<[delaySeconds: number, contested: boolean]> {
  const { delayMs, contested } = conflicts.recordChange(key);
  await clock.advance(delayMs);
  conflicts.recordRepair(key);
  return [delayMs / 1_000, contested];
}

describe('a conflict', () => {
  it('delays repairs ever longer, and is contested from the third attempt', async () => {
    const seen: [number, boolean][] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) seen.push(await exchange('replicas'));
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

  it('counts changes during a delayed repair as one attempt, also when the repair is late', async () => {
    await exchange('replicas');
    expect(conflicts.recordChange('replicas')).toMatchObject({ number: 2, delayMs: 1_000 });
    await clock.advance(400);
    expect(conflicts.recordChange('replicas')).toMatchObject({ number: 2, delayMs: 600 });
    await clock.advance(5_000);
    expect(conflicts.recordChange('replicas')).toMatchObject({ number: 2, delayMs: 0 });
  });

  it('ends ten minutes after the last repair', async () => {
    for (let attempt = 0; attempt < 4; attempt += 1) await exchange('replicas');
    await clock.advance(conflictResetMs - 1);
    expect(conflicts.resetInMs('replicas')).toBe(1);
    await clock.advance(1);
    expect(conflicts.recordChange('replicas')).toMatchObject({ number: 1, contested: false });
  });

  it('does not end while a repair is delayed, however long that takes', async () => {
    for (let attempt = 0; attempt < 5; attempt += 1) await exchange('replicas');
    conflicts.recordChange('replicas');
    await clock.advance(600_000);
    expect(conflicts.recordChange('replicas').number).toBe(6);
  });

  it.each([-3_600_000, 3_600_000])('is not affected by a step of the wall clock by %i ms', async (step) => {
    await exchange('replicas');
    conflicts.recordChange('replicas');
    clock.step(step);
    expect(conflicts.recordChange('replicas')).toMatchObject({ number: 2, delayMs: 1_000 });
    conflicts.recordRepair('replicas');
    clock.step(step);
    expect(conflicts.resetInMs('replicas')).toBe(conflictResetMs);
  });

  it('is one per key', () => {
    conflicts.recordChange('replicas');
    expect(conflicts.recordChange('image').number).toBe(1);
    expect(conflicts.resetInMs('nothing')).toBe(0);
  });
});
