import { describe, expect, it } from '@jest/globals';
import { ConflictBackoff } from '@runos/engine';
import { systemClock } from '@runos/kernel';
import { refKey } from '@runos/kube-objects';
import type { Applier } from '../apply/applier.js';
import type { Outcome } from '../apply/outcome.js';
import { unborn } from '../bundles/bundle-record.js';
import type { Repairer } from '../drift/repairer.js';
import { Instance } from '../instances/instance.js';
import { bundleOf, newOsid, objectsOf, ofKind, refIn } from '../../test/spec-executor.js';
import { BundleTurn } from './bundle-turn.js';
import type { Pruner } from './pruner.js';

const osid = newOsid();
const namespaceKey = refKey(refIn(osid, 'v1', 'Namespace'));

/** A turn of an instance that is new; `answer` is what comes of applying its namespace. */
async function turn(answer: (instance: Instance) => Outcome) {
  const { objectsGz, ...bundle } = bundleOf(osid, 1, [ofKind(objectsOf(osid), 'Namespace')]);
  const instance = new Instance({ ...unborn(osid), ...bundle, objectsGz: Buffer.from(objectsGz, 'base64') });
  const applier = { apply: () => Promise.resolve(answer(instance)) } as Partial<Applier> as Applier;
  const pruner = { prune: () => Promise.resolve() } as Partial<Pruner> as Pruner;
  const parts = { applier, pruner, repairer: {} as Repairer, fights: new ConflictBackoff({ clock: systemClock }) };
  const verdict = await new BundleTurn({ ...parts, clock: systemClock, changed: () => undefined }).run(
    instance,
    new AbortController().signal,
  );
  return { instance, verdict };
}

describe('a namespace that is being deleted when it is applied', () => {
  it('is waited for', async () => {
    const { instance, verdict } = await turn(() => ({ kind: 'ending' }));
    expect(instance.namespaceEnding).toBe(true);
    expect(verdict.kind).toBe('settled');
  });

  it('is made again at once when it was seen to be gone before the answer came', async () => {
    const { instance, verdict } = await turn((applied) => {
      applied.plan(namespaceKey, { why: 'missing' });
      return { kind: 'ending' };
    });
    expect(instance.namespaceEnding).toBe(false);
    expect(instance.objects.get(namespaceKey)?.recreating).toBe(true);
    expect(verdict).toMatchObject({ kind: 'waiting', recheckInMs: 0 });
  });
});
