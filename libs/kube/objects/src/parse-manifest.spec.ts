import { expect, it } from '@jest/globals';
import { parseManifest } from './parse-manifest.js';

it('returns the objects of a manifest in order, without its empty documents', () => {
  expect(parseManifest('---\nkind: A\n---\n# nothing\n---\nkind: B\n')).toEqual([{ kind: 'A' }, { kind: 'B' }]);
  expect(parseManifest('')).toEqual([]);
});

it('throws where a document is no YAML', () => {
  expect(() => parseManifest('kind: A\n---\nkind: "B\n')).toThrow(/quote/);
});
