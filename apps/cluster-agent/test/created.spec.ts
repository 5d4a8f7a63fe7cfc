import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt, mapsIn } from '@runos/kube-objects';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let objects: KubeObject[];
let reduced: KubeObject[];
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  objects = objectsOf(osid);
  reduced = objects.map(without);
  await harness.applyUntilReady(bundleOf(osid, 1, objects));
});

/** The object without one key of the ConfigMap and without probes of the StatefulSet. */
function without(object: KubeObject): KubeObject {
  if (object.kind === 'ConfigMap') return { ...object, data: { 'valkey.conf': mapAt(object, 'data')['valkey.conf'] } };
  if (object.kind !== 'StatefulSet') return object;
  const copy = structuredClone(object);
  for (const container of mapsIn(mapAt(copy, 'spec', 'template', 'spec')['containers'])) {
    delete (container as Record<string, unknown>)['readinessProbe'];
  }
  return copy;
}

async function ownersOf(ref: ReturnType<typeof config>): Promise<(string | undefined)[]> {
  const { managedFields = [] } = (await access.admin.get(ref)).metadata;
  return managedFields.filter(({ manager }) => manager === 'runos').map(({ operation }) => operation);
}

async function expectReduced(): Promise<void> {
  expect(Object.keys(mapAt(await access.admin.get(config()), 'data'))).toEqual(['valkey.conf']);
  const pod = mapAt(await access.admin.get(statefulSet()), 'spec', 'template', 'spec');
  expect(mapsIn(pod['containers'])[0]).not.toHaveProperty('readinessProbe');
  expect(pod['dnsPolicy']).toBe('ClusterFirst');
  expect(await Promise.all([config(), statefulSet()].map(ownersOf))).toEqual([['Apply'], ['Apply']]);
  expect(harness.drifts(osid)).toEqual([]);
}

describe('an object that was created', () => {
  it('loses removed fields with its first change, and is owned by an Apply entry from then on', async () => {
    expect(await Promise.all([config(), statefulSet()].map(ownersOf))).toEqual([['Update'], ['Update']]);
    await harness.applyUntilReady(bundleOf(osid, 2, reduced));
    await expectReduced();
    await harness.applyUntilReady(bundleOf(osid, 3, objects));
    expect(await ownersOf(config())).toEqual(['Apply']);
  });

  it('does so too when the agent has lost its checkpoint', async () => {
    const stored = refIn(access.namespace, 'v1', 'Secret', `bundle-${osid}`);
    await harness.restart(() => access.admin.mergePatch(stored, { data: { checkpoint: '' } }));
    await harness.applyUntilReady(bundleOf(osid, 2, reduced));
    await expectReduced();
  });

  it('is shown without removed fields by a diff', async () => {
    const diffs = (await harness.controller.diffBundle(bundleOf(osid, 2, reduced))).objects;
    expect(diffs.map(({ object, changes }) => [object.kind, changes.map(({ path }) => path)])).toEqual([
      ['ConfigMap', ['data["start.sh"]']],
      ['StatefulSet', expect.arrayContaining([expect.stringMatching(/containers\[name=valkey\]\.readinessProbe/)])],
    ]);
    expect(diffs[0]?.changes[0]).toMatchObject({ live: expect.stringContaining('valkey'), wanted: null });
    expect((await harness.controller.diffBundle(bundleOf(osid, 2, objects))).objects).toEqual([]);
  });

  it('is refused with an unknown field', async () => {
    const other = newOsid();
    const [namespace, ...rest] = objectsOf(other);
    const invalid = rest.map((object) => (object.kind === 'ConfigMap' ? { ...object, dada: { a: 'b' } } : object));
    await harness.controller.applyBundle(bundleOf(other, 1, [namespace as KubeObject, ...invalid]));
    const status = await harness.waitForStatus(other, ({ phase }) => phase === 'failed');
    expect(status.objects[0]).toMatchObject({ kind: 'ConfigMap', state: 'failed', reason: 'Blocked' });
    expect(status.objects[0]?.message).toContain('unknown field "dada"');
  });
});
