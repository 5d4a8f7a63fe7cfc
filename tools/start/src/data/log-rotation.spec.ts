import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Child, startChild, waitUntil } from '@runos/testing-process';
import { LogRotation } from './log-rotation.js';

let folder: string;
let child: Child | undefined;
let rotation: LogRotation | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runos-logs-'));
});
afterEach(async () => {
  await Promise.all([child?.stop(), rotation?.stop()]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes numbered lines of 1 KB without end, 200 every 10 ms. */
const lineBytes = 1_024;
const program = `
  const { writeSync } = require('node:fs');
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < 200; i += 1) writeSync(1, String(n++).padEnd(${lineBytes - 1}, '.') + '\\n');
  }, 10);`;

/** None of a file that was emptied just now. */
const numbersIn = (path: string): number[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Number.parseInt(line, 10));

describe('the log of a process that never stops writing', () => {
  it('is rotated while the process runs, without gaps inside either file', async () => {
    const logFile = join(folder, 'noisy.log');
    const limitBytes = 2_000_000;
    const errors: string[] = [];
    child = await startChild({ name: 'noisy', command: process.execPath, args: ['-e', program], logFile });
    const onError = (line: string) => void errors.push(line);
    rotation = new LogRotation([folder, join(folder, 'absent')], { limitBytes, everyMs: 20, onError });
    let largest = 0;
    let rotated = 0;
    let before = 0;
    const hasRotatedThrice = (): boolean => {
      const { size } = statSync(logFile);
      if (size < before) rotated += 1;
      before = size;
      largest = Math.max(largest, size);
      return rotated >= 3;
    };
    await waitUntil(hasRotatedThrice, { everyMs: 5, because: () => `rotated ${rotated} times only` });
    await child.stop();
    await rotation.stop();
    expect(errors).toEqual([]);
    const [old, current] = [numbersIn(`${logFile}.1`), numbersIn(logFile)];
    const written = Math.max(...old, ...current) * lineBytes;
    expect(largest).toBeLessThan(written);
    for (const numbers of [old, current].filter(({ length }) => length > 1))
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as number) + index));
    expect(statSync(`${logFile}.1`).mode & 0o777).toBe(0o600);
  });

  it('is not touched below the limit', async () => {
    const logFile = join(folder, 'quiet.log');
    child = await startChild({ name: 'quiet', command: 'sh', args: ['-c', 'echo up; exec sleep 60'], logFile });
    rotation = new LogRotation([folder], { limitBytes: 1_000, everyMs: 10, onError: () => undefined });
    await waitUntil(() => child?.lastLogLines() === 'up', { because: () => 'it wrote nothing' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(readFileSync(logFile, 'utf8')).toBe('up\n');
  });
});
