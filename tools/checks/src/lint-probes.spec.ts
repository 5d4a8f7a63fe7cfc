import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../../..');

it('lint reports for every probe what the probe expects', async () => {
  const proof = promisify(execFile)(process.execPath, ['tools/lint/prove-probes.mjs'], { cwd: root });
  expect((await proof).stdout).toMatch(/^[1-9]\d+ probes of [1-9]\d+ rules, 0 unexpected reports/);
});
