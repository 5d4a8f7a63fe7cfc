import { describe, expect, it } from '@jest/globals';
import { packKinds } from '@runos/kube-kinds';
import type { FieldWriter } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { kindCatalogs } from '../../test/harness.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A value is kept until the end of the task that has read it, and its finalizer runs in a later one. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await setImmediate();
    collectGarbage();
  }
  await setImmediate();
}

/** Different for each number, and about 100 KB as JSON. */
const writersOf = (number: number): FieldWriter[] =>
  Array.from({ length: 16 }, (_, writer) => ({
    manager: `writer-${number}-${writer}`,
    kind: 'StatefulSet',
    fields: Array.from({ length: 32 }, (_, field) => `spec.${'x'.repeat(190)}${field}`),
  }));

describe('compiled kinds', () => {
  it('are shared by the bundles with the same kinds and writers', () => {
    const catalogs = kindCatalogs();
    const kinds = packKinds([]);
    expect(catalogs.of(kinds)).toBe(catalogs.of({ ...kinds }));
    expect(catalogs.of(kinds, writersOf(1))).toBe(catalogs.of(kinds, writersOf(1)));
    expect(catalogs.of(kinds, writersOf(1))).not.toBe(catalogs.of(kinds, writersOf(2)));
    expect(catalogs.of(kinds, writersOf(1))).not.toBe(catalogs.of(undefined, writersOf(1)));
  });

  it('with writers are kept as long as an instance uses them', async () => {
    const catalogs = kindCatalogs();
    const used = catalogs.of(undefined, writersOf(0));
    await settle();
    const before = process.memoryUsage().heapUsed;
    const earlier = Array.from(
      { length: 100 },
      (_, number) => new WeakRef(catalogs.of(undefined, writersOf(number + 1))),
    );
    // Neither the kinds nor their keys, of 10 MB, are left.
    const left = () => earlier.filter((each) => each.deref() !== undefined).length;
    const grown = () => process.memoryUsage().heapUsed - before;
    await waitUntil(() => settle().then(() => left() === 0 && grown() < 5_000_000), {
      because: () => `${left()} are left, and ${grown()} bytes`,
    });
    expect(catalogs.of(undefined, writersOf(0))).toBe(used);
  });
});
