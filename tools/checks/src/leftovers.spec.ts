import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { leftovers, marker } from './leftovers.js';

describe('leftovers', () => {
  it('are the processes that carry the mark of the run, however they were started', async () => {
    const run = randomUUID();
    // A shell whose child outlives it: nobody is left who knows that child.
    const shell = spawn('sh', ['-c', 'sleep 600 & echo $!'], { env: { ...process.env, [marker]: run } });
    const [[line]] = await Promise.all([once(shell.stdout, 'data') as Promise<[Buffer]>, once(shell, 'exit')]);
    const pid = Number(line.toString());
    // The child is a copy of the shell until it becomes the program.
    while (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'sh') await sleep(5);
    try {
      expect(await leftovers(run, 0)).toEqual([{ pid, command: 'sleep 600' }]);
      expect(await leftovers(randomUUID(), 0)).toEqual([]);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    expect(await leftovers(run)).toEqual([]);
  });
});
