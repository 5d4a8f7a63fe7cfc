import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReservedIndexes } from './reserved-indexes.js';

describe('the reserved indexes', () => {
  let folder: string;
  let reserved: ReservedIndexes;
  const dataOf = (name: string): string => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runos-indexes-'));
    reserved = new ReservedIndexes(join(folder, 'state', 'indexes.json'));
    for (const name of ['a', 'b']) mkdirSync(dataOf(name));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are those of the other clusters', () => {
    expect(reserved.ofOthers(dataOf('a'))).toEqual(new Set());
    reserved.reserve(0, dataOf('a'));
    reserved.reserve(1, dataOf('b'));
    expect(reserved.ofOthers(dataOf('a'))).toEqual(new Set([1]));
    expect(reserved.ofOthers(dataOf('c'))).toEqual(new Set([0, 1]));
  });

  it('are free again when the data folder is deleted', () => {
    reserved.reserve(0, dataOf('a'));
    rmSync(dataOf('a'), { recursive: true });
    expect(reserved.ofOthers(dataOf('b'))).toEqual(new Set());
  });

  it('are one for each cluster', () => {
    reserved.reserve(0, dataOf('a'));
    reserved.reserve(3, dataOf('a'));
    reserved.reserve(3, dataOf('b'));
    expect(reserved.ofOthers(dataOf('c'))).toEqual(new Set([3]));
    expect(reserved.ofOthers(dataOf('b'))).toEqual(new Set());
  });
});
