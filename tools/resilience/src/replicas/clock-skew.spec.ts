import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { nodeOptionsAhead, clockSkewMs } from './clock-skew.js';

/** The output of a program whose clock is ahead. */
function printed(expression: string): string {
  const env = { ...process.env, NODE_OPTIONS: nodeOptionsAhead(clockSkewMs) };
  const { stdout, stderr } = spawnSync(process.execPath, ['-p', expression], { env, encoding: 'utf8' });
  return stdout.trim() || stderr;
}

describe('a clock that is ahead', () => {
  it.each(['Date.now()', 'new Date().getTime()', 'Date.parse(Date()) + 999'])('changes %s', (expression) => {
    const before = Date.now() + clockSkewMs;
    const time = Number(printed(expression));
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now() + clockSkewMs + 999);
  });

  it('does not change other dates', () => {
    const expression = `[new Date(5).getTime(), new Date() instanceof Date, Date.UTC(1970, 0, 1, 0, 0, 1)].join()`;
    expect(printed(expression)).toBe('5,true,1000');
  });
});
