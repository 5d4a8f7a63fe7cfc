import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';

const root = resolve(import.meta.dirname, '../../..');
const project = mkdtempSync(join(import.meta.dirname, '../dist/leaks-'));
afterAll(() => rmSync(project, { recursive: true }));

/** A failed test skips what would have closed its resources. */
const leaking = `it('fails', () => {
  setInterval(() => undefined, 1_000);
  expect(1).toBe(2);
});`;

it('a test that fails with an open handle does not keep its project running', async () => {
  mkdirSync(join(project, 'src'));
  writeFileSync(join(project, 'src/leaking.spec.ts'), leaking);
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const args = ['--experimental-vm-modules', jest, '--config', join(root, 'jest.config.mjs'), '--rootDir', project];
  const child = spawn(process.execPath, args, { stdio: 'ignore', timeout: 60_000 });
  expect(await once(child, 'exit')).toEqual([1, null]);
});
