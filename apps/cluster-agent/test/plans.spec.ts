import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { bearer, KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, mapsIn, refOf } from '@runos/kube-objects';
import { renderApp } from '@runos/service-types';
import { dryRun } from '../src/apply/dry-run.js';
import { type AgentAccess, refusal } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, ofKind, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let objects: KubeObject[];

useHarness((started) => ({ access, harness } = started));

beforeEach(() => {
  osid = newOsid();
  objects = objectsOf(osid);
});

const plan = (changed: KubeObject[], revision = 2) => harness.controller.diffBundle(bundleOf(osid, revision, changed));
const planNamespace = () => `${access.namespace}-plan`;

/** The objects with another one of a kind. */
const withChanged = (kind: string, change: (object: KubeObject) => KubeObject): KubeObject[] =>
  objects.map((object) => (object.kind === kind ? change(structuredClone(object)) : object));

const withSpec = (object: KubeObject, spec: object): KubeObject => ({
  ...object,
  spec: { ...mapAt(object, 'spec'), ...spec },
});

function withPodSpec(object: KubeObject, spec: object): KubeObject {
  const template = mapAt(object, 'spec', 'template');
  return withSpec(object, { template: { ...template, spec: { ...mapAt(template, 'spec'), ...spec } } });
}

/** A client whose replacements others overtake. */
class OvertakenClient extends KubeClient {
  replacements = 0;
  overtake: () => Promise<unknown> = () => Promise.resolve();

  override async replace(...request: Parameters<KubeClient['replace']>): Promise<KubeObject> {
    this.replacements += 1;
    await this.overtake();
    return super.replace(...request);
  }
}

describe('the plan of an instance that does not exist', () => {
  it('tries every object in the namespace of plans, and writes nothing', async () => {
    const { objects: planned, planNamespace: namespace } = await plan(objects, 1);
    expect(namespace).toBe(planNamespace());
    expect(planned.map(({ object, action, tried, message }) => [object.kind, action, tried, message])).toEqual(
      objects.map(({ kind }) => [kind, 'created', undefined, undefined]),
    );
    expect(planned.map(({ object }) => object.namespace)).toEqual(objects.map(({ metadata }) => metadata.namespace));
    for (const { metadata, ...object } of objects) {
      const name = metadata.namespace === undefined ? metadata : { ...metadata, namespace: planNamespace() };
      expect(await access.admin.find(refOf({ ...object, metadata: name } as KubeObject))).toBeUndefined();
    }
  });

  it('tries those of an app too, whose pods use an account of their own', async () => {
    osid = newOsid('app');
    const app = {
      image: 'registry.example.com/shop:1',
      servicePortMappings: [{ port: 8080, standardHttps: false, domains: [] }],
    };
    const secrets = { digestKey: 'k'.repeat(32) };
    const contents = { env: { MODE: 'fast' }, secretEnv: { TOKEN: 'a token' }, secretFiles: [] };
    const size = { replicas: 2, cpuRequestMc: 0, cpuLimitMc: 500, memoryRequestMb: 0, memoryLimitMb: 512 };
    const owner = { aid: 'aaaaa', cid: 'demo', clusterDomain: 'demo.aaaaa.example.com' };
    const rendered = renderApp(1, { osid, ...owner, ...size, secrets, requires: {}, app, ...contents });
    const { objects: planned } = await plan(rendered, 1);
    expect(planned.map(({ object, action, message }) => [object.kind, action, message])).toEqual(
      rendered.map(({ kind }) => [kind, 'created', undefined]),
    );
    const other = rendered.map((object) =>
      object.kind === 'Deployment' ? withPodSpec(object, { serviceAccountName: 'operator' }) : object,
    );
    const refused = (await plan(other, 1)).objects.filter(({ action }) => action === 'refused');
    const message = expect.stringContaining('default service account');
    expect(refused).toMatchObject([{ object: { kind: 'Deployment' }, message }]);
  });

  it('contains the words of an admission policy that would refuse an object', async () => {
    const tolerations = [{ operator: 'Exists' }];
    const tolerating = withChanged('StatefulSet', (object) => withPodSpec(object, { tolerations }));
    const { objects: planned } = await plan(tolerating, 1);
    expect(planned.filter(({ action }) => action !== 'created')).toEqual([
      expect.objectContaining({
        action: 'refused',
        object: expect.objectContaining({ kind: 'StatefulSet' }),
        message: expect.stringContaining('must have no priority, no tolerations'),
      }),
    ]);
  });

  it('does not try a kind that the cluster does not serve', async () => {
    const unserved = { ...ofKind(objects, 'ConfigMap'), apiVersion: 'example.com/v1', kind: 'Unserved' };
    const { objects: planned } = await plan([...objects, unserved], 1);
    const message = expect.stringContaining('Unserved');
    expect(planned.at(-1)).toMatchObject({ action: 'created', tried: false, message });
    expect(planned.find(({ object }) => object.kind === 'Secret')).not.toHaveProperty('tried');
  });
});

describe('the plan of a change', () => {
  beforeEach(() => harness.applyUntilReady(bundleOf(osid, 1, objects)));

  it('names each changed field, and never the value of a Secret', async () => {
    const [key = ''] = Object.keys(mapAt(ofKind(objects, 'Secret'), 'data'));
    const secret = Buffer.from('a new password').toString('base64');
    const changed = withChanged('Secret', (object) => ({
      ...object,
      data: { ...mapAt(object, 'data'), [key]: secret },
    })).map((object) => (object.kind === 'StatefulSet' ? withSpec(object, { replicas: 2 }) : object));
    const before = await access.admin.get(refIn(osid, 'apps/v1', 'StatefulSet'));
    const reply = await plan(changed);
    expect(reply).not.toHaveProperty('planNamespace');
    expect(reply.objects.map(({ object, action, changes }) => [object.kind, action, changes])).toEqual([
      ['Secret', 'changed', [{ path: expect.stringContaining(key), live: '(hidden)', wanted: '(hidden)' }]],
      ['StatefulSet', 'changed', [{ path: 'spec.replicas', live: 1, wanted: 2 }]],
    ]);
    expect(JSON.stringify(reply)).not.toContain(secret);
    const after = await access.admin.get(refIn(osid, 'apps/v1', 'StatefulSet'));
    expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    expect((await plan(objects)).objects).toEqual([]);
  });

  it('names what Kubernetes refuses although others write the object meanwhile', async () => {
    const desired = withSpec(ofKind(objects, 'StatefulSet'), { replicas: -1 });
    const live = await access.admin.get(refOf(desired));
    const written = await access.admin.mergePatch(refOf(desired), {
      metadata: { annotations: { 'example.com/x': '1' } },
    });
    expect(written.metadata.resourceVersion).not.toBe(live.metadata.resourceVersion);
    const tried = await dryRun(access.agent, desired, { live, policy: 'orphan' });
    expect(tried).toEqual({
      kind: 'refused',
      message: expect.stringMatching(/spec\.replicas.*greater than or equal to 0.*\.$/s),
    });
  });

  it('gives up an object that is written during every attempt', async () => {
    const desired = withSpec(ofKind(objects, 'StatefulSet'), { replicas: -1 });
    const live = await access.admin.get(refOf(desired));
    const busy = new OvertakenClient({ ...access.cluster, ...bearer(access.token) });
    try {
      const write = () => ({ metadata: { annotations: { 'example.com/x': String(busy.replacements) } } });
      busy.overtake = () => access.admin.mergePatch(refOf(desired), write());
      expect(await dryRun(busy, desired, { live, policy: 'orphan' })).toMatchObject({
        kind: 'untried',
        message: expect.stringContaining('was written during each of 5 attempts'),
      });
      expect(busy.replacements).toBe(5);
    } finally {
      await busy.close();
    }
  });

  it('names an object that is replaced, because a field cannot be changed in place', async () => {
    const changed = withChanged('StatefulSet', (object) => {
      const [template = {}] = mapsIn(mapAt(object, 'spec')['volumeClaimTemplates']);
      const spec = { ...mapAt(template, 'spec'), storageClassName: 'faster' };
      return withSpec(object, { volumeClaimTemplates: [{ ...template, spec }] });
    });
    const { objects: planned } = await plan(changed);
    expect(planned).toEqual([
      expect.objectContaining({
        action: 'replaced',
        object: expect.objectContaining({ kind: 'StatefulSet' }),
        message: expect.stringMatching(/cannot change it in place\. Its pods and volumes stay\..*[Ff]orbidden/),
        changes: [expect.objectContaining({ path: expect.stringContaining('volumeClaimTemplates') })],
      }),
    ]);
  });

  it('does not name what differs from the live object only by defaults', async () => {
    const changed = withChanged('StatefulSet', (object) => withSpec(object, { podManagementPolicy: 'OrderedReady' }));
    const { objects: planned } = await plan(changed);
    expect(planned.map(({ action, changes }) => [action, changes])).toEqual([
      ['replaced', [{ path: 'spec.podManagementPolicy', live: 'Parallel', wanted: 'OrderedReady' }]],
    ]);
  });

  it('names an object that is deleted, and one that is created', async () => {
    const without = objects.filter(({ kind }) => kind !== 'ConfigMap');
    const added = { ...ofKind(objects, 'ConfigMap'), data: { a: 'b' } };
    const other = { ...added, metadata: { ...added.metadata, name: `${osid}-other` } };
    const { objects: planned } = await plan([...without, other]);
    expect(planned.map(({ object, action }) => [object.name, action])).toEqual([
      [other.metadata.name, 'created'],
      [added.metadata.name, 'deleted'],
    ]);
  });
});

describe('the namespace of plans', () => {
  const map = (): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'probe', namespace: planNamespace() },
  });

  it('takes nothing but dry runs from a stolen token of the agent', async () => {
    const { agent } = access;
    const words = 'may only make dry runs in the namespace of plans';
    await agent.apply(map(), { dryRun: true });
    const secret = { ...map(), kind: 'Secret' };
    await agent.apply(secret, { dryRun: true });
    for (const object of [map(), secret]) {
      expect(await refusal(agent.apply(object))).toContain(words);
      expect(await refusal(agent.create(object))).toContain(words);
    }
    const namespace = refIn(planNamespace(), 'v1', 'Namespace');
    const labels = { 'runos.com/osid': planNamespace() };
    expect(await refusal(agent.mergePatch(namespace, { metadata: { labels } }))).toContain(words);
    expect(await refusal(agent.delete(namespace))).toContain(words);
    expect(await refusal(agent.get(refOf(secret)))).toContain('cannot get');
  });
});
