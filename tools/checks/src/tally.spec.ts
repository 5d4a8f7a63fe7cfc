import { describe, expect, it } from '@jest/globals';
import { Tally } from './tally.js';

const tallied = () => {
  const lines: string[] = [];
  return { lines, tally: new Tally((line) => void lines.push(line)) };
};

describe('Tally', () => {
  it('ends with the counts alone on the last line', async () => {
    const { lines, tally } = tallied();
    await tally.check('lint', () => true);
    tally.add(40, []);
    expect(tally.report()).toBe(true);
    expect(lines.at(-1)).toBe('41 passed, 0 failed');
  });

  it('lists what was skipped', () => {
    const { lines, tally } = tallied();
    tally.add(1, [], ['a pod (skipped: real nodes need root)']);
    expect(tally.report()).toBe(true);
    expect(lines).toEqual(['○ a pod (skipped: real nodes need root)', '1 passed, 0 failed, 1 skipped']);
  });

  it('repeats every failure before the counts: a result, a reason or an error', async () => {
    const { lines, tally } = tallied();
    await tally.check('lint', () => false);
    await tally.check('format', () => 'two files are not');
    await tally.check('servers', () => Promise.reject(new Error('Go is not on PATH')));
    tally.add(3, ['osid.spec.ts: parses']);
    expect(tally.report()).toBe(false);
    expect(lines.slice(-5)).toEqual([
      '✗ lint: see above',
      '✗ format: two files are not',
      '✗ servers: Go is not on PATH',
      '✗ osid.spec.ts: parses',
      '3 passed, 4 failed',
    ]);
  });
});
