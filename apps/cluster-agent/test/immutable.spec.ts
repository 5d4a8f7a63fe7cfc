import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt, type ObjectRef } from '@runos/kube-objects';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let objects: KubeObject[];
const foreign = { fieldManager: 'kubectl-edit' };
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const secret = () => refIn(osid, 'v1', 'Secret', `${osid}-credentials`);
const edit = (ref: ObjectRef, patch: unknown) => access.admin.mergePatch(ref, patch, foreign);
const desired = ({ kind }: ObjectRef) => objects.find((object) => object.kind === kind) as KubeObject;

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  objects = objectsOf(osid);
  await harness.applyUntilReady(bundleOf(osid, 1, objects));
});

const kinds: [string, () => ObjectRef][] = [
  ['ConfigMap', config],
  ['Secret', secret],
];

describe.each(kinds)('a %s that a user made immutable', (_, ref) => {
  it.each<[string, object, string[]]>([
    ['with the desired content', {}, ['immutable']],
    ['with an added key', { data: { extra: 'eA==' } }, ['data.extra', 'immutable']],
  ])('%s is recreated, and the fields are reported as repaired', async (__, change, fields) => {
    const before = await access.admin.get(ref());
    await edit(ref(), { immutable: true, ...change });
    const drift = await harness.waitForDrift(osid, ({ manager }) => manager === foreign.fieldManager);
    expect(drift).toMatchObject({ action: 'repaired' });
    expect([...drift.fields].sort()).toEqual(fields);
    const after = await access.admin.get(ref());
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after).not.toHaveProperty('immutable');
    expect(mapAt(after, 'data')).toEqual(mapAt(desired(ref()), 'data'));
    await harness.applyUntilReady(bundleOf(osid, 2, objects));
    expect(harness.drifts(osid)).toHaveLength(1);
  });

  it('with another content is recreated, and the fields are reported as repaired', async () => {
    const [key = ''] = Object.keys(mapAt(desired(ref()), 'data'));
    await edit(ref(), { immutable: true, data: { [key]: 'eA==' } });
    const drift = await harness.waitForDrift(osid, ({ manager }) => manager === foreign.fieldManager);
    expect(drift).toMatchObject({ action: 'repaired' });
    expect(drift.fields).toContain('immutable');
    const after = await access.admin.get(ref());
    expect(after).not.toHaveProperty('immutable');
    expect(mapAt(after, 'data')).toEqual(mapAt(desired(ref()), 'data'));
  });
});

describe('under the policy report, a ConfigMap that a user made immutable', () => {
  it('is reported and stays', async () => {
    await harness.applyUntilReady(bundleOf(osid, 2, objects, 'report'));
    const { metadata } = await edit(config(), { immutable: true });
    const drift = await harness.waitForDrift(osid, ({ manager }) => manager === foreign.fieldManager);
    expect(drift).toMatchObject({ action: 'reported', fields: ['immutable'] });
    expect((await access.admin.get(config())).metadata.uid).toBe(metadata.uid);
  });
});
