import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import type { KubeObject } from '@runos/kube-objects';
import { mapAt, mapsIn } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
const foreign = { fieldManager: 'other-operator' };
/** Of times in managedFields. */
const resolutionMs = 1_000;

const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const service = () => refIn(osid, 'v1', 'Service');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const live = (ref = statefulSet()): Promise<KubeObject> => access.admin.get(ref);

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

/** The only drift that was reported. */
async function only(fields: string[]) {
  const found = await harness.waitForDrift(osid, (drift) => drift.fields.length > 0);
  expect(harness.drifts(osid)).toEqual([found]);
  expect(found.fields).toEqual(fields);
  return found;
}

describe('a foreign change of our fields', () => {
  it('is repaired, with manager, field and time', async () => {
    const before = Date.now();
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 3 } }, foreign);
    const found = await only(['spec.replicas']);
    expect(found).toMatchObject({
      manager: 'other-operator',
      action: 'repaired',
      object: { kind: 'StatefulSet', name: osid },
    });
    const at = Date.parse(found.at);
    expect([at > before - resolutionMs, at <= Date.now()]).toEqual([true, true]);
    expect(mapAt(await live(), 'spec')['replicas']).toBe(1);
  });

  it.each([null, 'v1.0'])('is repaired if it weakens what the namespace enforces (edition %j)', async (edition) => {
    const ref = refIn(osid, 'v1', 'Namespace');
    const label = 'pod-security.kubernetes.io/enforce-version';
    await access.admin.mergePatch(ref, { metadata: { labels: { [label]: edition } } }, foreign);
    expect(await harness.waitForDrift(osid, ({ fields }) => fields.length > 0)).toMatchObject({ action: 'repaired' });
    expect((await live(ref)).metadata.labels?.[label]).toBe('latest');
  });

  it('is repaired when another apply takes the field over', async () => {
    const { apiVersion, kind } = config();
    const foreignObject = {
      apiVersion,
      kind,
      metadata: { name: `${osid}-config`, namespace: osid },
      data: { 'valkey.conf': 'port 1' },
    };
    await access.admin.apply(foreignObject, foreign);
    expect(await only(['data["valkey.conf"]'])).toMatchObject({ manager: 'other-operator' });
    expect(mapAt(await live(config()), 'data')['valkey.conf']).toContain('port 6379');
  });

  it('is repaired when it came through the scale subresource', async () => {
    const path = `${await access.admin.mapper.path(statefulSet())}/scale`;
    await access.admin.transport.send({
      method: 'PATCH',
      path,
      query: { fieldManager: 'autoscaler' },
      body: { spec: { replicas: 2 } },
      contentType: 'application/merge-patch+json',
    });
    expect(await only(['spec.replicas'])).toMatchObject({ manager: 'autoscaler' });
  });

  it('is repaired when it scaled to 0, for which Kubernetes records no manager', async () => {
    const path = `${await access.admin.mapper.path(statefulSet())}/scale`;
    await access.admin.transport.send({
      method: 'PATCH',
      path,
      query: { fieldManager: 'kubectl' },
      body: { spec: { replicas: 0 } },
      contentType: 'application/merge-patch+json',
    });
    expect(await only(['spec.replicas'])).toMatchObject({ manager: null });
    expect(mapAt(await live(), 'spec')['replicas']).toBe(1);
  });

  it('is repaired when a field was removed, without a manager', async () => {
    await access.admin.jsonPatch(config(), [{ op: 'remove', path: '/data/start.sh' }], foreign);
    expect(await only(['data["start.sh"]'])).toMatchObject({ manager: null, action: 'repaired' });
    expect(mapAt(await live(config()), 'data')['start.sh']).toContain('valkey');
  });

  it('is repaired when our label was removed, although the watch reports that as a deletion', async () => {
    const uid = (await live(service())).metadata.uid;
    await access.admin.mergePatch(
      service(),
      { metadata: { labels: { 'app.kubernetes.io/managed-by': null } } },
      foreign,
    );
    expect(await only(['metadata.labels["app.kubernetes.io/managed-by"]'])).toMatchObject({ manager: null });
    expect(await live(service())).toMatchObject({
      metadata: { uid, labels: { 'app.kubernetes.io/managed-by': 'runos' } },
    });
  });

  it('is repaired inside a secret, and its value is not reported', async () => {
    const secret = refIn(osid, 'v1', 'Secret', `${osid}-credentials`);
    await access.admin.mergePatch(secret, { data: { password: Buffer.from('guessed').toString('base64') } }, foreign);
    await only(['data.password']);
    expect(JSON.stringify(harness.statuses)).not.toMatch(/guessed|Z3Vlc3NlZA/);
  });
});

describe('a foreign change that cannot be merged with our fields', () => {
  it('is repaired when a port was renumbered, which would give two ports one name', async () => {
    await access.admin.jsonPatch(service(), [{ op: 'replace', path: '/spec/ports/0/port', value: 7_000 }], foreign);
    expect((await harness.waitForDrift(osid, () => true)).action).toBe('repaired');
    const { spec: restored, metadata } = await live(service());
    expect(mapsIn(mapAt(restored)['ports'])).toMatchObject([{ name: 'valkey', port: 6_379 }]);
    expect(metadata.managedFields?.filter(({ manager }) => manager === 'runos')).toMatchObject([
      { operation: 'Apply' },
    ]);
  });

  it('is repaired when a reference was replaced by a value', async () => {
    const at = '/spec/template/spec/containers/0/env/0';
    const steps = [
      { op: 'remove' as const, path: `${at}/valueFrom` },
      { op: 'add' as const, path: `${at}/value`, value: 'elsewhere' },
    ];
    await access.admin.jsonPatch(statefulSet(), steps, foreign);
    await harness.waitForDrift(osid, ({ action }) => action === 'repaired');
    const [container] = mapsIn(mapAt(await live(), 'spec', 'template', 'spec')['containers']);
    expect(mapsIn(container?.['env'])[0]).not.toHaveProperty('value');
  });
});

describe('a deleted object', () => {
  it('is recreated, without a manager', async () => {
    const { uid } = (await live(service())).metadata;
    await access.admin.delete(service());
    const found = await harness.waitForDrift(osid, ({ action }) => action === 'recreated');
    expect(found).toMatchObject({ fields: [], manager: null, object: { kind: 'Service', name: osid } });
    expect((await live(service())).metadata.uid).not.toBe(uid);
  });

  it('is recreated when another object of its name was created meanwhile', async () => {
    const replacement = {
      ...(await live(config())),
      metadata: { name: `${osid}-config`, namespace: osid },
      data: { a: 'b' },
    };
    await access.admin.delete(config());
    await access.admin.create(replacement, foreign).catch(() => undefined); // the agent may have recreated it already
    await harness.waitForDrift(osid, ({ action }) => action === 'recreated');
    const restored = async () => mapAt(await live(config()), 'data')['valkey.conf'] !== undefined;
    await waitUntil(restored, { everyMs: 20, because: () => 'the ConfigMap is not ours again' });
  });
});
