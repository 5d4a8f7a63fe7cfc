import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { findOrphans, runVariable } from './orphans.js';

describe('findOrphans', () => {
  it('finds the processes that inherited the variable of the run', async () => {
    const run = randomUUID();
    // A shell whose child outlives it: no other process knows that child.
    const shell = spawn('sh', ['-c', 'sleep 600 & echo $!'], { env: { ...process.env, [runVariable]: run } });
    const [[line]] = await Promise.all([once(shell.stdout, 'data') as Promise<[Buffer]>, once(shell, 'exit')]);
    const pid = Number(line.toString());
    try {
      // The child is a copy of the shell until it becomes the program.
      const isProgram = () => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'sh';
      await waitUntil(isProgram, { everyMs: 5, because: () => 'the child is a copy of the shell' });
      expect(await findOrphans(run, 0)).toEqual([{ pid, command: 'sleep 600' }]);
      expect(await findOrphans(randomUUID(), 0)).toEqual([]);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    expect(await findOrphans(run)).toEqual([]);
  });
});
