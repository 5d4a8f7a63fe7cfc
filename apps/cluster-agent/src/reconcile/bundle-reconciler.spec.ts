import { describe, expect, it, jest } from '@jest/globals';
import { ConflictBackoff } from '@runos/engine';
import { systemClock } from '@runos/kernel';
import { KubeClient } from '@runos/kube-client';
import type { KubeObject } from '@runos/kube-objects';
import { bundleOf, kindCatalogs, newOsid, objectsOf, ofKind } from '../../test/harness.js';
import type { ApplyOutcome } from '../apply/object-applier.js';
import { OwnershipReclaimer } from '../drift/ownership-reclaimer.js';
import { emptyRecord } from '../bundles/bundle-record.js';
import type { DriftRepairer } from '../drift/drift-repairer.js';
import { Instance } from '../instances/instance.js';
import { BundleReconciler } from './bundle-reconciler.js';
import type { GrowthCheck } from './growth-check.js';
import type { Pruner } from './pruner.js';

const osid = newOsid();

function instanceOf(objects: KubeObject[]): Instance {
  const { objectsGz, ...bundle } = bundleOf(osid, 1, objects);
  const record = { ...emptyRecord(osid), ...bundle, objectsGz: Buffer.from(objectsGz, 'base64') };
  return new Instance(record, kindCatalogs());
}

const reconcilerOf = (repairObject: () => Promise<ApplyOutcome>) =>
  new BundleReconciler({
    repairer: { repairObject } as Partial<DriftRepairer> as DriftRepairer,
    pruner: { prune: () => Promise.resolve([]) } as Partial<Pruner> as Pruner,
    reclaimer: new OwnershipReclaimer(new KubeClient({ server: 'http://127.0.0.1' }), systemClock, 1_000),
    growth: { run: () => Promise.resolve() } as Partial<GrowthCheck> as GrowthCheck,
    conflicts: new ConflictBackoff({ clock: systemClock }),
    clock: systemClock,
    blockedBackoff: () => 1_000,
    report: () => undefined,
    openSecrets: () => Promise.resolve(),
  });

/** Reconciles a new instance; `outcomeOf` gives the outcome of applying its namespace. */
async function reconcile(outcomeOf: (instance: Instance) => ApplyOutcome) {
  const instance = instanceOf([ofKind(objectsOf(osid), 'Namespace')]);
  const reconciler = reconcilerOf(() => Promise.resolve(outcomeOf(instance)));
  const result = await reconciler.reconcile(instance, new AbortController().signal);
  return { instance, result };
}

describe('a namespace that is terminating when it is applied', () => {
  it('is awaited', async () => {
    const { instance, result } = await reconcile(() => ({ kind: 'terminating', byUs: true }));
    expect(instance.isNamespaceTerminating).toBe(true);
    expect(result.kind).toBe('reconciled');
  });

  it('is created again at once when its deletion was observed before the response arrived', async () => {
    const { instance, result } = await reconcile((applied) => {
      applied.addPending(applied.namespaceKey, { kind: 'missing' });
      return { kind: 'terminating', byUs: true };
    });
    expect(instance.isNamespaceTerminating).toBe(false);
    expect(instance.objects.get(instance.namespaceKey)?.isRecreating).toBe(true);
    expect(result).toMatchObject({ kind: 'requeue', requeueAfterMs: 0 });
  });
});

describe('an outage of the API server', () => {
  it('unpacks the objects once for the failures of all its applies', async () => {
    const instance = instanceOf(objectsOf(osid));
    const unpack = jest.spyOn(instance, 'desiredObjects');
    let failures = 0;
    const reconciler = reconcilerOf(() => {
      failures += 1;
      return Promise.reject(new Error('connect ECONNREFUSED'));
    });
    const reconciles = 20;
    for (let attempt = 0; attempt < reconciles; attempt += 1) {
      for (const key of instance.objects.keys()) instance.addPending(key, { kind: 'apply' });
      await reconciler.reconcile(instance, new AbortController().signal);
    }
    expect(failures).toBeGreaterThanOrEqual(reconciles);
    expect(instance.objects.get(instance.namespaceKey)?.problem).toMatchObject({ message: 'connect ECONNREFUSED' });
    // Each reconcile compares with the desired objects; all failures together unpack them once.
    expect(unpack).toHaveBeenCalledTimes(reconciles + 1);
  });
});
