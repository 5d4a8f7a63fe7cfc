import { beforeEach, describe, expect, it } from '@jest/globals';
import { ConflictBackoff } from '@runos/engine';
import { systemClock } from '@runos/kernel';
import { type KubeClient, KubeError } from '@runos/kube-client';
import { type KubeObject, type ManagedFields, refKey, refOf } from '@runos/kube-objects';
import { bundleOf, kindCatalogs, newOsid, objectsOf, ofKind } from '../../test/harness.js';
import type { ObjectApplier } from '../apply/object-applier.js';
import { emptyRecord } from '../bundles/bundle-record.js';
import { Instance } from '../instances/instance.js';
import { DriftRepairer } from './drift-repairer.js';
import type { RepairOutcome } from './repair-request.js';

const osid = newOsid();
const objects = objectsOf(osid);
const desired = ofKind(objects, 'ConfigMap');
let instance: Instance;

const entry = (manager: string, operation: string, ...keys: string[]): ManagedFields => ({
  manager,
  operation,
  fieldsV1: { 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
});

/** A live state of the ConfigMap with our key and those of other managers. */
const live = (resourceVersion: string, own: string, others: Readonly<Record<string, string>> = {}): KubeObject => ({
  ...desired,
  metadata: {
    ...desired.metadata,
    uid: 'u',
    resourceVersion,
    managedFields: [
      entry('runos', 'Apply', 'start.sh'),
      ...Object.entries(others).map(([key, manager]) => entry(manager, 'Update', key)),
    ],
  },
  data: { 'start.sh': own, ...Object.fromEntries(Object.keys(others).map((key) => [key, 'x'])) },
});

beforeEach(() => {
  const { objectsGz, ...bundle } = bundleOf(osid, 1, objects);
  const record = { ...emptyRecord(osid), ...bundle, objectsGz: Buffer.from(objectsGz, 'base64') };
  instance = new Instance(record, kindCatalogs());
  instance.observeBundle(instance.desiredObjects());
});

/** Repairs a changed object. Our apply has the response `applied`, the removal of foreign items `patched`. */
async function repair(changed: KubeObject, applied: KubeObject, patched: KubeObject | KubeError, read = applied) {
  const key = refKey(refOf(desired));
  const state = instance.objects.get(key);
  if (state === undefined) throw new Error('there is no ConfigMap');
  state.recordApplied(live('1', 'ours'));
  const client = {
    find: () => Promise.resolve(read),
    jsonPatch: () => (patched instanceof KubeError ? Promise.reject(patched) : Promise.resolve(patched)),
  } as Partial<KubeClient> as KubeClient;
  const applier = {
    applyObject: () => Promise.resolve({ kind: 'applied', object: applied, recreated: false }),
    recreateImmutable: () => Promise.resolve(undefined),
  } as Partial<ObjectApplier> as ObjectApplier;
  const repairer = new DriftRepairer(
    client,
    applier,
    new ConflictBackoff({ clock: systemClock }),
    systemClock,
    () => true,
  );
  const { signal } = new AbortController();
  const change = { kind: 'changed', live: changed } as const;
  const outcome: RepairOutcome = await repairer.repairObject({ instance, key, state, desired, change, signal });
  if (outcome.kind === 'refused') state.recordProblem(outcome.problem);
  return { outcome, drifts: instance.drifts.map(({ fields, manager, action }) => [action, manager, ...fields]) };
}

describe('the repair of an object with foreign items', () => {
  it('reports what was added after the event too, because it is removed with the rest', async () => {
    const added = live('3', 'ours', { x: 'early', y: 'late' });
    const { outcome, drifts } = await repair(live('2', 'changed', { x: 'early' }), added, live('4', 'ours'));
    expect(outcome).toMatchObject({ kind: 'applied', object: live('4', 'ours') });
    expect(drifts).toEqual([
      ['repaired', null, 'data["start.sh"]'],
      ['repaired', 'early', 'data.x'],
      ['repaired', 'late', 'data.y'],
    ]);
  });

  it('reports our fields as repaired, and the items as failed once, while the removal is refused', async () => {
    const refusal = new KubeError('denied', { status: 422, reason: 'Invalid' });
    const applied = live('3', 'ours', { x: 'other' });
    const { outcome } = await repair(live('2', 'changed', { x: 'other' }), applied, refusal);
    const message = `Cannot remove data.x from ConfigMap ${osid}/${osid}-config: denied`;
    expect(outcome).toMatchObject({ kind: 'refused', problem: { reason: 'ForeignFields', message, blocked: false } });
    const expected = [
      ['repaired', null, 'data["start.sh"]'],
      ['failed', 'other', 'data.x'],
    ];
    expect(instance.drifts.map(({ fields, manager, action }) => [action, manager, ...fields])).toEqual(expected);
  });

  it('includes our fields that were changed after the event, so that they do not become the compared state', async () => {
    const stale = new KubeError('rejected', { status: 409, reason: 'Conflict' });
    const read = live('3', 'changed');
    const { outcome, drifts } = await repair(live('2', 'ours', { x: 'other' }), live('4', 'ours'), stale, read);
    expect(outcome).toMatchObject({ kind: 'applied', object: live('4', 'ours') });
    expect(drifts).toEqual([['repaired', null, 'data["start.sh"]']]);
  });

  it('is not reported as done when the response still contains the item', async () => {
    const changed = live('2', 'ours', { x: 'other' });
    const { outcome, drifts } = await repair(changed, changed, live('3', 'ours', { x: 'other' }));
    expect(outcome).toMatchObject({ kind: 'refused', problem: { reason: 'ForeignFields' } });
    expect(drifts).toEqual([['failed', 'other', 'data.x']]);
  });
});
