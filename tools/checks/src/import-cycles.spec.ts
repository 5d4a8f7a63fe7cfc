import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { importCycles } from './import-cycles.js';
import { sourceFiles } from './source-files.js';

describe('files that import each other', () => {
  it('are found, also by types, exports and over other files', () => {
    const files = [
      { name: 'a/one.ts', text: "import type { Two } from './two.js';" },
      { name: 'a/two.ts', text: "export { three } from '../b/three.js';" },
      { name: 'b/three.ts', text: "import { type One } from '../a/one.js';\nimport { four } from './four.js';" },
      { name: 'b/four.ts', text: "import { five } from './five.js';" },
      { name: 'b/five.ts', text: "import { x } from '@runos/four';\nimport y from './five.json';" },
      { name: 'b/six.ts', text: "import { five } from './five.js';\nexport * from './six.js';" },
    ];
    expect(importCycles(files)).toEqual([['a/one.ts', 'a/two.ts', 'b/three.ts'], ['b/six.ts']]);
  });

  it('do not occur in this repository', () => {
    const files = sourceFiles(resolve(import.meta.dirname, '../../..'));
    expect(importCycles(files)).toEqual([]);
  });
});
