import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { nodeOptionsAhead, clockSkewMs, nodeOptionsStepped } from './clock-skew.js';

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

it('a clock is stepped while its program runs, and does not keep the program running', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'runos-clock-'));
  const file = join(folder, 'ms');
  writeFileSync(file, '0');
  const print = 'setInterval(() => console.log(Date.now() - performance.timeOrigin - performance.now()), 20).unref()';
  const program = `${print}; setTimeout(() => undefined, 20_000).unref(); process.stdin.resume()`;
  const child = spawn(process.execPath, ['-e', program], { env: { NODE_OPTIONS: nodeOptionsStepped(file) } });
  try {
    const differences: number[] = [];
    for await (const line of createInterface(child.stdout)) {
      differences.push(Number(line));
      if (differences.length === 1) writeFileSync(file, '-600000');
      if (Number(line) < -599_000) break;
    }
    expect(differences[0]).toBeGreaterThan(-5_000);
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
