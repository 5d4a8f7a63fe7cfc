import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import type { KubeClient } from '@runos/kube-client';
import {
  type FieldPattern,
  type KubeObject,
  mapAt,
  type ObjectRef,
  parseFieldPattern,
  valueAt,
  withoutFields,
} from '@runos/kube-objects';
import { createHash } from 'node:crypto';
import { waitUntil } from '@runos/testing-process';
import { ObjectApplier } from '../src/apply/object-applier.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, type Harness, newOsid, objectsOf, ofKind, refIn, useHarness } from './harness.js';

type Writers = NonNullable<Bundle['allowedWriters']>;

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
useHarness((started) => ({ access, harness } = started));

const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const scaler: Writers[number] = { manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] };
const sidecar: Writers[number] = {
  manager: 'mesh',
  kind: 'StatefulSet',
  fields: [
    'spec.template.spec.containers[name=proxy]',
    'spec.template.metadata.annotations["mesh.example.com/status"]',
  ],
};
const sizer: Writers[number] = {
  manager: 'sizer',
  kind: 'StatefulSet',
  fields: ['spec.template.spec.containers[].resources'],
};
const digestOf = (writers: Writers) => createHash('sha256').update(JSON.stringify(writers)).digest('hex');
const bundleWith = (
  revision: number,
  allowedWriters: Writers,
  changes: object = {},
  objects?: KubeObject[],
): Bundle => ({
  ...bundleOf(osid, revision, objects ?? objectsOf(osid, { replicas: 2, ...changes })),
  ...(allowedWriters.length === 0 ? {} : { allowedWriters, writersDigest: digestOf(allowedWriters) }),
});
const patch = (ref: ObjectRef, body: object, fieldManager: string) =>
  access.admin.mergePatch(ref, body, { fieldManager });
const strategic = (ref: ObjectRef, spec: object, fieldManager: string) =>
  access.admin.apply(
    { apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: ref.name, namespace: osid }, spec } as KubeObject,
    {
      fieldManager,
    },
  );
const live = () => access.admin.get(statefulSet());
const replicas = async () => mapAt(await live(), 'spec')['replicas'];
const ours = async () =>
  (await live()).metadata.managedFields?.filter(({ manager }) => manager === 'runos').map(({ fieldsV1 }) => fieldsV1);
const ownsReplicas = async () => (await ours())?.some((fields) => mapAt(fields, 'f:spec')['f:replicas'] !== undefined);
/** Something of ours is changed and repaired: what came before it was seen. */
async function seenByNow(): Promise<void> {
  await patch(config(), { data: { 'start.sh': `# ${Math.random()}` } }, 'marker');
  await harness.waitForDrift(osid, ({ manager }) => manager === 'marker');
}

beforeEach(() => {
  osid = newOsid();
});

describe('a field that the user leaves to another manager', () => {
  it('is set when the object is created, and is no drift and not applied again after that', async () => {
    await harness.applyUntilReady(bundleWith(1, [scaler]));
    expect(await replicas()).toBe(2);
    expect(await ownsReplicas()).toBe(false);
    await patch(statefulSet(), { spec: { replicas: 5 } }, 'autoscaler');
    await harness.waitForStatus(osid, (status) => status.replicas?.ready === 5);
    await harness.applyUntilReady(bundleWith(2, [scaler], { cpuLimitMc: 700 }));
    expect(await replicas()).toBe(5);
    await seenByNow();
    expect(harness.drifts(osid).filter(({ object }) => object.kind === 'StatefulSet')).toEqual([]);
    await harness.restart();
    await seenByNow();
    expect(await replicas()).toBe(5);
  });

  it('keeps its value when it is left to others later, and is taken back when it no longer is', async () => {
    await harness.applyUntilReady(bundleWith(1, []));
    await harness.applyUntilReady(bundleWith(2, [scaler]));
    expect([await replicas(), await ownsReplicas()]).toEqual([2, false]);
    await patch(statefulSet(), { spec: { replicas: 4 } }, 'autoscaler');
    await harness.waitForStatus(osid, (status) => status.replicas?.ready === 4);
    await harness.applyUntilReady(bundleWith(3, []));
    expect([await replicas(), await ownsReplicas()]).toEqual([2, true]);
    await patch(statefulSet(), { spec: { replicas: 4 } }, 'autoscaler');
    await harness.waitForDrift(osid, ({ manager, action }) => manager === 'autoscaler' && action === 'repaired');
  });

  it('is judged by what the other manager desires', async () => {
    await harness.applyUntilReady(bundleWith(1, [scaler]));
    await patch(statefulSet(), { spec: { replicas: 0 } }, 'autoscaler');
    await harness.waitForStatus(osid, ({ replicas: counted, phase }) => counted?.desired === 0 && phase === 'ready');
  });

  it('is set again when the object is recreated', async () => {
    await harness.applyUntilReady(bundleWith(1, [scaler]));
    await access.admin.delete(statefulSet());
    await harness.waitForDrift(osid, ({ action }) => action === 'recreated');
    expect([await replicas(), await ownsReplicas()]).toEqual([2, false]);
  });

  it('is set again when another user made the object immutable, so that it is recreated', async () => {
    const tuner = { manager: 'tuner', kind: 'ConfigMap', fields: ['data["valkey.conf"]'] };
    await harness.applyUntilReady(bundleWith(1, [tuner]));
    const before = await access.admin.get(config());
    await patch(config(), { data: { 'valkey.conf': 'appendonly no' } }, 'tuner');
    await patch(config(), { immutable: true }, 'kubectl-edit');
    await harness.waitForDrift(osid, ({ manager }) => manager === 'kubectl-edit');
    const after = await access.admin.get(config());
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect(after['data']).toEqual(before['data']);
    await patch(config(), { data: { 'valkey.conf': 'appendonly no' } }, 'tuner');
    await seenByNow();
    expect(await access.admin.get(config())).toMatchObject({ data: { 'valkey.conf': 'appendonly no' } });
  });

  it('keeps its value when another write comes between the read and the release of its ownership', async () => {
    await harness.applyUntilReady(bundleWith(1, []));
    await patch(statefulSet(), { spec: { replicas: 4 } }, 'autoscaler');
    await harness.waitForDrift(osid, ({ manager }) => manager === 'autoscaler');
    const objects = objectsOf(osid, { replicas: 4 });
    const initial = ofKind(objects, 'StatefulSet');
    const left = [parseFieldPattern('spec.replicas') as FieldPattern];
    const { agent } = access;
    const client = {
      find: async (...[ref, options]: Parameters<KubeClient['find']>) => {
        const found = await agent.find(ref, options);
        await patch(ref, { metadata: { annotations: { since: found?.metadata.resourceVersion } } }, 'other');
        return found;
      },
      mergePatch: (...args: Parameters<KubeClient['mergePatch']>) => agent.mergePatch(...args),
      jsonPatch: (...args: Parameters<KubeClient['jsonPatch']>) => agent.jsonPatch(...args),
      apply: (...args: Parameters<KubeClient['apply']>) => agent.apply(...args),
      get: (...args: Parameters<KubeClient['get']>) => agent.get(...args),
      replace: (...args: Parameters<KubeClient['replace']>) => agent.replace(...args),
    } as KubeClient;
    const applied = new ObjectApplier(client).applyObject(withoutFields(initial, left), { left, initial });
    await expect(applied).rejects.toMatchObject({ status: 409 });
    expect(await replicas()).toBe(2);
  });

  it('may be a part of each container, which a sizer changes', async () => {
    await harness.applyUntilReady(bundleWith(1, [sizer]));
    const containers = async () =>
      mapAt(await live(), 'spec', 'template', 'spec')['containers'] as { resources: object }[];
    expect((await containers())[0]?.resources).toMatchObject({ limits: { memory: '512Mi' } });
    const resources = { limits: { cpu: '2', memory: '1Gi' } };
    await strategic(statefulSet(), { template: { spec: { containers: [{ name: 'valkey', resources }] } } }, 'sizer');
    await harness.applyUntilReady(bundleWith(2, [sizer], { restartedAt: '2026-11-01T00:00:00Z' }));
    await seenByNow();
    expect((await containers())[0]?.resources).toMatchObject(resources);
    expect(harness.drifts(osid).some(({ manager }) => manager === 'sizer')).toBe(false);
  });
});

describe('the list of allowed writers', () => {
  const stored = () => harness.controller.instances.entries().find((entry) => entry.osid === osid);
  /** The same bundle without the list, as an older agent reads it: it ignores what it does not know. */
  const withoutList = ({ allowedWriters: _, writersDigest: __, ...known }: Bundle): Bundle => known;
  const redeliver = async (bundle: Bundle) =>
    expect(await harness.controller.applyBundle(bundle)).toEqual({ accepted: true });
  const releases = () => waitUntil(async () => !(await ownsReplicas()), { because: () => 'replicas are still owned' });

  it('takes effect when the revision that an older agent stored without it is delivered again', async () => {
    const bundle = bundleWith(1, [scaler]);
    await harness.applyUntilReady(withoutList(bundle));
    expect(await ownsReplicas()).toBe(true);
    await harness.restart();
    expect(stored()).not.toHaveProperty('writersDigest');
    const { generation } = (await live()).metadata;
    await redeliver(bundle);
    await releases();
    expect(stored()).toMatchObject({ revision: 1, writersDigest: digestOf([scaler]) });
    expect((await live()).metadata.generation).toBe(generation);
    await harness.restart();
    expect(stored()).toMatchObject({ revision: 1, writersDigest: digestOf([scaler]) });
    await patch(statefulSet(), { spec: { replicas: 4 } }, 'autoscaler');
    await seenByNow();
    expect(await replicas()).toBe(4);
    expect(harness.drifts(osid).filter(({ object }) => object.kind === 'StatefulSet')).toEqual([]);
  });

  it('ends when the same revision is delivered again without it', async () => {
    const bundle = bundleWith(1, [scaler]);
    await harness.applyUntilReady(bundle);
    await patch(statefulSet(), { spec: { replicas: 4 } }, 'autoscaler');
    await harness.waitForStatus(osid, (status) => status.replicas?.ready === 4);
    await redeliver(withoutList(bundle));
    await waitUntil(async () => (await replicas()) === 2, { because: () => 'not taken back' });
    expect(await ownsReplicas()).toBe(true);
    expect(stored()).not.toHaveProperty('writersDigest');
  });
});

describe('an exclusive field with an allowed writer', () => {
  const proxy = { name: 'proxy', image: 'example.com/proxy:1', securityContext: { allowPrivilegeEscalation: false } };
  /** An apply names everything that its manager has added. */
  const inject = (manager: string, ...added: string[]) => {
    const containers = added.map((name) => ({ ...proxy, name }));
    return strategic(statefulSet(), { template: { spec: { containers } } }, manager);
  };
  const names = async () =>
    (valueAt(await live(), ['f:spec', 'f:template', 'f:spec', 'f:containers']) as { name: string }[]).map(
      ({ name }) => name,
    );

  it('keeps the items of that manager, and of no other', async () => {
    await harness.applyUntilReady(bundleWith(1, [sidecar]));
    await inject('mesh', 'proxy');
    await inject('kubectl-edit', 'miner');
    const drift = await harness.waitForDrift(osid, ({ manager }) => manager === 'kubectl-edit');
    expect(drift).toMatchObject({ action: 'repaired', fields: ['spec.template.spec.containers[name=miner]'] });
    expect((await names()).sort()).toEqual(['proxy', 'valkey']);
    await inject('mesh', 'proxy', 'other');
    await harness.waitForDrift(osid, ({ manager, fields }) => manager === 'mesh' && String(fields).includes('other'));
    expect((await names()).sort()).toEqual(['proxy', 'valkey']);
  });

  it('keeps what RunOS has put there, also when a third manager writes it', async () => {
    const mesh = { manager: 'mesh', kind: 'StatefulSet', fields: ['spec.template.spec.containers[]'] };
    const tuner = { manager: 'tuner', kind: 'ConfigMap', fields: ['data["valkey.conf"]'] };
    await harness.applyUntilReady(bundleWith(1, [mesh, tuner]));
    await inject('mesh', 'proxy');
    const resources = { limits: { cpu: '600m', memory: '512Mi' } };
    await strategic(
      statefulSet(),
      { template: { spec: { containers: [{ name: 'valkey', resources }] } } },
      'kubectl-set',
    );
    await patch(config(), { data: { 'valkey.conf': 'appendonly no' } }, 'kubectl-patch');
    await seenByNow();
    expect((await names()).sort()).toEqual(['proxy', 'valkey']);
    expect(await access.admin.get(config())).toMatchObject({ data: { 'valkey.conf': 'appendonly no' } });
    expect(harness.drifts(osid).filter(({ manager }) => manager !== 'marker')).toEqual([]);
    await inject('kubectl-edit', 'miner');
    await harness.waitForDrift(osid, ({ manager }) => manager === 'kubectl-edit');
    expect((await names()).sort()).toEqual(['proxy', 'valkey']);
  });

  it('loses them when the writer is no longer allowed, without another event', async () => {
    await harness.applyUntilReady(bundleWith(1, [sidecar]));
    await inject('mesh', 'proxy');
    await harness.applyUntilReady(bundleWith(2, []));
    const drift = await harness.waitForDrift(osid, ({ manager }) => manager === 'mesh');
    expect(drift).toMatchObject({ action: 'repaired', fields: ['spec.template.spec.containers[name=proxy]'] });
    let left: string[] = [];
    const isRemoved = async () => (left = await names()).length === 1;
    await waitUntil(isRemoved, { because: () => left.join(', ') });
  });
});
