import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Imports a module in a process of its own, and prints the URL of each file that it loads. */
const program = `
  import { registerHooks } from 'node:module';
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) console.log(url);
      return next(url, context);
    },
  });
  await import(process.argv[1]);`;

describe('the library, which each command of the CLI on files loads', () => {
  const entry = join(import.meta.dirname, '../dist/index.js');
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program, entry], {
    encoding: 'utf8',
  });

  it('loads the fields of the service types', () => {
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('/catalog/types/dist/service-type-fields.js');
  });

  it.each(['/kube/kinds/dist/kind-catalog.js', '/cel-js/', '/render.js'])('does not load %s', (path) => {
    expect(stdout.split('\n').filter((url) => url.includes(path))).toEqual([]);
  });
});
