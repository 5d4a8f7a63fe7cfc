import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { wherePossible } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { probeImages } from '../probe-images.js';
import { installPackages } from './install-packages.js';

/** Mounts a file system as mmdebstrap does, and starts a process that ignores the signal to end. */
const program = `#!/bin/sh
mkdir -p "$TMPDIR/proc" && mount -t tmpfs none "$TMPDIR/proc"
trap "" TERM
while true; do date > "$TMPDIR/running"; sleep 0.05; done
`;

const tests = (): void => {
  it.each<[string, number | undefined, string]>([
    ['an abort', undefined, 'stopped'],
    ['its deadline', 3_000, 'mmdebstrap ended by SIGKILL'],
  ])('leaves no mount and no process of mmdebstrap after %s', async (_, deadlineMs, reason) => {
    const folder = mkdtempSync(join(tmpdir(), 'runos-install-'));
    const before = process.env.PATH;
    process.env.PATH = `${folder}:${before}`;
    try {
      writeFileSync(join(folder, 'mmdebstrap'), program);
      chmodSync(join(folder, 'mmdebstrap'), 0o755);
      const work = join(folder, 'work');
      mkdirSync(work);
      const abort = new AbortController();
      const isRunning = (): boolean => existsSync(join(work, 'running'));
      const root = { packages: ['tool'] };
      const installed = installPackages(root, join(work, 'root.tar'), work, abort.signal, deadlineMs);
      await waitUntil(isRunning, { everyMs: 20, because: () => 'mmdebstrap was not started' });
      if (deadlineMs === undefined) abort.abort(new Error('stopped'));
      await expect(installed).rejects.toThrow(reason);
      await waitUntil(
        async () => {
          rmSync(join(work, 'running'), { force: true });
          await new Promise((resolve) => setTimeout(resolve, 300));
          return !isRunning();
        },
        { everyMs: 1, because: () => 'a process of mmdebstrap still runs' },
      );
      expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(folder);
    } finally {
      process.env.PATH = before;
      rmSync(folder, { recursive: true, force: true });
    }
  });
};

wherePossible(describe, probeImages())('the installation of packages', tests);
