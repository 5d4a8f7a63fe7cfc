import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { leftovers, marker } from './leftovers.js';

describe('leftovers', () => {
  it('are the processes that carry the mark of the run, however they were started', async () => {
    const run = randomUUID();
    // A shell whose child outlives it: nobody is left who knows that child.
    const shell = spawn('sh', ['-c', 'sleep 600 & echo $!'], { env: { ...process.env, [marker]: run } });
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    try {
      expect(await leftovers(run, 0)).toEqual([{ pid, command: 'sleep 600' }]);
      expect(await leftovers(randomUUID(), 0)).toEqual([]);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    expect(await leftovers(run)).toEqual([]);
  });
});
