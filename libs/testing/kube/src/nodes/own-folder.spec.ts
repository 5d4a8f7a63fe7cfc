import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { onRealNodes } from './on-real-nodes.js';
import { runCommand } from './run-command.js';

const script = join(import.meta.dirname, '../../nodes/own-folder.sh');

onRealNodes(describe)('a folder of a node', () => {
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'runos-own-folder-'));
    mkdirSync(join(parent, 'data'));
    writeFileSync(join(parent, 'data', 'file'), 'content');
    writeFileSync(join(parent, 'plain file'), '');
    symlinkSync('data', join(parent, '.link'));
  });
  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  /** Writes to the folder in a mount namespace; prints what it finds above. */
  const write = (folder: string): Promise<string> => {
    const commands =
      'mount -t tmpfs tmpfs /run; "$0" "$1"; ls -A "$1"; touch "$1/new"; cd "$1/.."; ls -A; cat .link/file';
    return runCommand('unshare', ['-m', 'sh', '-ec', commands, script, folder]);
  };

  it('is its own, also where the machine has none, and the others stay', async () => {
    expect(await write(join(parent, 'missing'))).toBe('.link\ndata\nmissing\nplain file\ncontent');
    expect(readdirSync(parent)).toEqual(['.link', 'data', 'plain file']);
  });

  it('hides that of the machine, which is not changed', async () => {
    mkdirSync(join(parent, 'existing'));
    writeFileSync(join(parent, 'existing', 'of-the-machine'), '');
    expect(await write(join(parent, 'existing'))).toBe('.link\ndata\nexisting\nplain file\ncontent');
    expect(readdirSync(join(parent, 'existing'))).toEqual(['of-the-machine']);
  });
});
