import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { aheadBy, apartMs } from './apart.js';

/** What a program prints whose clock goes ahead. */
function printed(expression: string): string {
  const env = { ...process.env, NODE_OPTIONS: aheadBy(apartMs) };
  const { stdout, stderr } = spawnSync(process.execPath, ['-p', expression], { env, encoding: 'utf8' });
  return stdout.trim() || stderr;
}

describe('a clock that goes ahead', () => {
  it.each(['Date.now()', 'new Date().getTime()', 'Date.parse(Date()) + 999'])('says so by %s', (expression) => {
    const before = Date.now() + apartMs;
    const told = Number(printed(expression));
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(Date.now() + apartMs + 999);
  });

  it('leaves every other date as it is', () => {
    const expression = `[new Date(5).getTime(), new Date() instanceof Date, Date.UTC(1970, 0, 1, 0, 0, 1)].join()`;
    expect(printed(expression)).toBe('5,true,1000');
  });
});
