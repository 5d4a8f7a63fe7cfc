import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { frozenDigests } from './frozen-renderers.js';

const root = resolve(import.meta.dirname, '../../..');
/** RUNOS_UPDATE_GOLDEN=1 records the folders as they are; use it for a new version only. */
const record = join(root, 'tools/checks/frozen-renderers.json');
if (process.env.RUNOS_UPDATE_GOLDEN === '1') {
  writeFileSync(record, `${JSON.stringify(frozenDigests(root), null, 2)}\n`);
}

const copy = mkdtempSync(join(tmpdir(), 'runos-frozen-'));
afterAll(() => rmSync(copy, { recursive: true }));

describe('frozen renderers', () => {
  it('and the helpers that they use are as recorded', () => {
    const digests = frozenDigests(root);
    expect(Object.keys(digests)).toEqual(
      expect.arrayContaining(['libs/catalog/model/src/render-v1', 'libs/catalog/types/src/valkey/v1']),
    );
    expect(digests).toEqual(JSON.parse(readFileSync(record, 'utf8')));
  });

  it.each([
    ['a number', '?? 1', '?? 2', false],
    ['a comment', '// why', '// why not', true],
    ['a type', ': number', ': number | undefined', true],
  ])('have another digest only after a change of behaviour (%s)', (_, before, after, isEqual) => {
    const folder = join(copy, 'libs/catalog/types/src/lamp/v1');
    cpSync(join(root, 'libs/catalog/types/src/valkey/v1'), folder, { recursive: true });
    const source = '// why\nexport const size = (replicas?: number): number => replicas ?? 1;\n';
    const digestWith = (text: string) => {
      writeFileSync(join(folder, 'size.ts'), text);
      return frozenDigests(copy)['libs/catalog/types/src/lamp/v1'];
    };
    const changed = source.replace(before, after);
    expect(changed).not.toBe(source);
    expect(digestWith(changed) === digestWith(source)).toBe(isEqual);
  });
});
