import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const program = resolve(import.meta.dirname, '../../bin/runos.mjs');

describe('an output that cannot be written', () => {
  const run = (stderr: (full: number) => 'pipe' | number) => {
    const full = openSync('/dev/full', 'w');
    const stdio = ['ignore', full, stderr(full)] as const;
    const { status, stderr: text } = spawnSync(process.execPath, [program, 'version'], { stdio: [...stdio] });
    closeSync(full);
    return { status, text: String(text ?? '') };
  };

  it('ends the program with one sentence', () => {
    expect(run(() => 'pipe')).toEqual({
      status: 1,
      text: expect.stringMatching(/^Error: Cannot write the output: .*no space left on device.*\n$/),
    });
  });

  it('ends the program although the sentence cannot be written either', () => {
    expect(run((full) => full)).toEqual({ status: 1, text: '' });
  });
});
