// `npm test`: installs what is missing, compiles, checks and tests everything, and ends with one line of counts.
// Plain JavaScript on Node alone, because a bare clone has nothing else; the compiled rest is in `src`.
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { install } from '../start/install.mjs';
import { useInstalledNode } from '../start/runtime.mjs';

const root = resolve(import.meta.dirname, '../..');

try {
  install(root, (line) => process.stdout.write(`${line}\n`));
  await useInstalledNode(root);
  process.stdout.write(`── compile and check types, on Node ${process.versions.node}\n`);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('The sources do not compile; the reasons are above.');
  const { testEverything } = await import('./dist/test-everything.js');
  process.exitCode = (await testEverything(root)) ? 0 : 1;
} catch (error) {
  process.stdout.write(`✗ ${error.message}\n0 passed, 1 failed\n`);
  process.exitCode = 1;
}
