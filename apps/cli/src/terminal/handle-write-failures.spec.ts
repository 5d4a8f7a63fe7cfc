import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const program = resolve(import.meta.dirname, '../../bin/runos.mjs');

describe('an output that cannot be written', () => {
  it('ends the program with one sentence', () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [program, 'version'], { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    expect([status, stderr.toString()]).toEqual([
      1,
      expect.stringMatching(/^Error: Cannot write the output: .*no space left on device.*\n$/),
    ]);
  });
});
