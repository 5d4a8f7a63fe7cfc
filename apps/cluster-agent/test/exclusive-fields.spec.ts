import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import type { JsonPatchStep } from '@runos/kube-client';
import { type KubeObject, mapAt, mapsIn, type ObjectRef } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
const foreign = { fieldManager: 'kubectl-edit' };

const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const service = () => refIn(osid, 'v1', 'Service');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const secret = () => refIn(osid, 'v1', 'Secret', `${osid}-credentials`);
const live = (ref: ObjectRef): Promise<KubeObject> => access.admin.get(ref);
const edit = (ref: ObjectRef, patch: unknown) => access.admin.mergePatch(ref, patch, foreign);
const patch = (ref: ObjectRef, ...steps: JsonPatchStep[]) => access.admin.jsonPatch(ref, steps, foreign);
const podSpec = async () => mapAt(await live(statefulSet()), 'spec', 'template', 'spec');
const containers = async () => mapsIn((await podSpec())['containers']);
const names = (items: unknown) => mapsIn(items).map(({ name }) => name);
const container = '/spec/template/spec/containers/0';

useHarness((started) => ({ access, harness } = started), {
  conflicts: { delaysMs: [0, 10, 50, 300], resetAfterMs: 600_000 },
});

beforeEach(async () => {
  osid = newOsid();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

/** The fields that the foreign manager added, after the only drift of it was reported as repaired. */
async function repairedFields(): Promise<readonly string[]> {
  const isForeign = ({ manager }: { manager?: string | null }) => manager === foreign.fieldManager;
  const found = await harness.waitForDrift(osid, isForeign);
  expect(found).toMatchObject({ action: 'repaired', manager: foreign.fieldManager });
  expect(harness.drifts(osid).filter(isForeign)).toEqual([found]);
  return found.fields;
}

describe('an addition to an exclusive field', () => {
  it('is removed when it is a renamed container, and ours is back before that is reported', async () => {
    await patch(statefulSet(), { op: 'replace', path: `${container}/name`, value: 'renamed' });
    expect(await repairedFields()).toEqual(['spec.template.spec.containers[name=renamed]']);
    expect(names(await containers())).toEqual(['valkey']);
    // Each container is one change, and not one per field of it.
    const byManager = harness.drifts(osid).toSorted((a, b) => (a.manager ?? '').localeCompare(b.manager ?? ''));
    expect(byManager).toMatchObject([
      { action: 'repaired', manager: null, fields: ['spec.template.spec.containers[name=valkey]'] },
      { action: 'repaired', manager: foreign.fieldManager },
    ]);
  });

  it('is removed from the pod template: containers, volumes, mounts, variables, ports and commands', async () => {
    await patch(
      statefulSet(),
      { op: 'add', path: '/spec/template/spec/volumes/-', value: { name: 'other', emptyDir: {} } },
      { op: 'add', path: `${container}/volumeMounts/-`, value: { name: 'other', mountPath: '/other' } },
      { op: 'add', path: `${container}/env/0`, value: { name: 'OTHER', value: 'x' } },
      { op: 'add', path: `${container}/ports/-`, value: { containerPort: 7, name: 'other' } },
      { op: 'add', path: `${container}/args`, value: ['--appendonly', 'no'] },
      { op: 'add', path: '/spec/template/spec/initContainers', value: [{ name: 'first', image: 'x' }] },
      { op: 'add', path: '/spec/template/spec/containers/0', value: { name: 'sidecar', image: 'x' } },
    );
    const at = 'spec.template.spec.containers[name=valkey]';
    expect([...(await repairedFields())].sort()).toEqual([
      'spec.template.spec.containers[name=sidecar]',
      `${at}.args`,
      `${at}.env[name=OTHER]`,
      `${at}.ports[containerPort=7,protocol=TCP]`,
      `${at}.volumeMounts[mountPath=/other]`,
      'spec.template.spec.initContainers[name=first]',
      'spec.template.spec.volumes[name=other]',
    ]);
    const [first, ...others] = await containers();
    expect(others).toEqual([]);
    expect(first).not.toHaveProperty('args');
    expect(names(first?.['env'])).toEqual(['POD_NAME', 'REDISCLI_AUTH']);
    expect(names((await podSpec())['volumes'])).toEqual(['config', 'secret']);
  });

  it('is removed from items of ours: sub-paths, host ports, probes and the files of a volume', async () => {
    await patch(
      statefulSet(),
      { op: 'add', path: `${container}/volumeMounts/0/subPath`, value: 'other' },
      { op: 'add', path: `${container}/ports/0/hostPort`, value: 6379 },
      { op: 'add', path: `${container}/readinessProbe/initialDelaySeconds`, value: 600 },
      { op: 'add', path: `${container}/startupProbe`, value: { tcpSocket: { port: 7 } } },
      {
        op: 'add',
        path: '/spec/template/spec/volumes/0/configMap/items',
        value: [{ key: 'start.sh', path: 'valkey.conf' }],
      },
    );
    const at = 'spec.template.spec.containers[name=valkey]';
    expect([...(await repairedFields())].sort()).toEqual([
      `${at}.ports[containerPort=6379,protocol=TCP].hostPort`,
      `${at}.readinessProbe.initialDelaySeconds`,
      `${at}.startupProbe`,
      `${at}.volumeMounts[mountPath=/data].subPath`,
      'spec.template.spec.volumes[name=config].configMap.items',
    ]);
    const [first] = await containers();
    expect(mapsIn(first?.['volumeMounts'])[0]).not.toHaveProperty('subPath');
    expect(mapsIn(first?.['ports'])[0]).not.toHaveProperty('hostPort');
    expect(first).not.toHaveProperty('startupProbe');
    expect(mapAt(mapsIn((await podSpec())['volumes'])[0] ?? {}, 'configMap')).not.toHaveProperty('items');
  });

  it('is a second variable with the name of ours, which is reported', async () => {
    await patch(statefulSet(), { op: 'add', path: `${container}/env/-`, value: { name: 'POD_NAME', value: 'x' } });
    expect(await repairedFields()).toEqual(['spec.template.spec.containers[name=valkey].env[name=POD_NAME]']);
    expect(names((await containers())[0]?.['env'])).toEqual(['POD_NAME', 'REDISCLI_AUTH']);
  });

  it('is removed from a Service: external addresses and ports', async () => {
    const port = { name: 'other', port: 7, protocol: 'TCP' };
    await edit(service(), { spec: { externalIPs: ['192.0.2.1'] } });
    expect(await repairedFields()).toEqual(['spec.externalIPs']);
    await access.admin.jsonPatch(service(), [{ op: 'add', path: '/spec/ports/-', value: port }], {
      fieldManager: 'another',
    });
    await harness.waitForDrift(osid, ({ manager, action }) => manager === 'another' && action === 'repaired');
    const spec = mapAt(await live(service()), 'spec');
    expect(spec).not.toHaveProperty('externalIPs');
    expect(names(spec['ports'])).toEqual(['valkey']);
  });

  it('is removed from a StatefulSet: ordinals of pods with other claims, and the deletion of claims', async () => {
    await edit(statefulSet(), {
      spec: { ordinals: { start: 3 }, persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
    });
    expect([...(await repairedFields())].sort()).toEqual([
      'spec.ordinals.start',
      'spec.persistentVolumeClaimRetentionPolicy.whenScaled',
    ]);
    const spec = mapAt(await live(statefulSet()), 'spec');
    expect(mapAt(spec, 'ordinals')['start'] ?? 0).toBe(0);
    expect(spec['persistentVolumeClaimRetentionPolicy']).toEqual({ whenDeleted: 'Retain', whenScaled: 'Retain' });
  });

  it('is removed from a NetworkPolicy: a selector of other pods than all', async () => {
    const { apiVersion, kind, name } = refIn(osid, 'networking.k8s.io/v1', 'NetworkPolicy');
    const spec = { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: {} }] }] };
    const labels = objectsOf(osid)[0]?.metadata.labels ?? {};
    const policy = { apiVersion, kind, metadata: { name, namespace: osid, labels }, spec };
    await harness.applyUntilReady(bundleOf(osid, 2, [...objectsOf(osid), policy]));
    await edit(refIn(osid, apiVersion, kind), { spec: { podSelector: { matchLabels: { no: 'pod' } } } });
    expect(await repairedFields()).toEqual(['spec.podSelector']);
    expect(mapAt(await live(refIn(osid, apiVersion, kind)), 'spec')).toEqual(spec);
  });

  it('is removed together with a change that the admission policy lets us repair only without it', async () => {
    await edit(service(), { spec: { externalIPs: ['192.0.2.1'], sessionAffinity: 'ClientIP' } });
    await harness.waitForDrift(osid, ({ fields }) => fields.includes('spec.sessionAffinity'));
    expect(harness.drifts(osid).flatMap(({ fields }) => fields)).toEqual(['spec.externalIPs', 'spec.sessionAffinity']);
    const spec = mapAt(await live(service()), 'spec');
    expect(spec['sessionAffinity']).toBe('None');
    expect(spec).not.toHaveProperty('externalIPs');
  });

  it('is removed from a ConfigMap and from a Secret, and its value is not reported', async () => {
    await edit(config(), { data: { 'other.conf': 'dir /tmp' } });
    expect(await repairedFields()).toEqual(['data["other.conf"]']);
    expect(Object.keys(mapAt(await live(config()), 'data'))).toEqual(['start.sh', 'valkey.conf']);
    await access.admin.mergePatch(secret(), { data: { extra: 'Z3Vlc3NlZA==' } }, { fieldManager: 'another' });
    await harness.waitForDrift(osid, ({ fields }) => fields.includes('data.extra'));
    expect(mapAt(await live(secret()), 'data')).not.toHaveProperty('extra');
    expect(JSON.stringify(harness.statuses)).not.toContain('Z3Vlc3NlZA');
  });

  it('is removed when it was added while the agent was stopped', async () => {
    await harness.restart(() => edit(config(), { data: { 'other.conf': 'dir /tmp' } }));
    expect(await repairedFields()).toEqual(['data["other.conf"]']);
    expect(mapAt(await live(config()), 'data')).not.toHaveProperty(['other.conf']);
  });

  it('is reported as failed, once, while admission refuses the removal', async () => {
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const isOurs = `request.userInfo.username.startsWith('system:serviceaccount:${access.namespace}:')`;
    const guard = {
      apiVersion,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: osid },
      spec: {
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'runos.com/osid': osid } },
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['UPDATE'] }],
        },
        validations: [{ expression: `!${isOurs} || 'extra' in object.data`, message: 'extra must stay' }],
      },
    };
    const binding = { policyName: osid, validationActions: ['Deny'] };
    await access.admin.create(guard);
    await access.admin.create({ ...guard, kind: `${guard.kind}Binding`, spec: binding });
    const isEnforced = () =>
      access.agent.mergePatch(config(), { metadata: { annotations: { a: 'b' } } }, { dryRun: true }).then(
        () => false,
        () => true,
      );
    await waitUntil(isEnforced, { everyMs: 50, because: () => 'the policy is not enforced' });
    await edit(config(), { data: { extra: 'x' } });
    const refused = await harness.waitForStatus(osid, ({ objects }) =>
      objects.some(({ reason }) => reason === 'ForeignFields'),
    );
    expect(refused.objects[0]?.message).toMatch(
      new RegExp(`Cannot remove data.extra from ConfigMap ${osid}/${osid}-config: .*extra must stay`),
    );
    for (const kind of [`${guard.kind}Binding`, guard.kind]) {
      await access.admin.delete({ apiVersion, kind, name: osid });
    }
    await harness.waitForDrift(osid, ({ action }) => action === 'repaired');
    expect(harness.drifts(osid).map(({ action }) => action)).toEqual(['failed', 'repaired']);
    expect(mapAt(await live(config()), 'data')).not.toHaveProperty('extra');
    await harness.waitForStatus(osid, ({ phase }) => phase === 'ready');
  });

  it('is contested when its manager adds it again and again', async () => {
    const { apiVersion, kind } = config();
    const object = { apiVersion, kind, metadata: { name: `${osid}-config`, namespace: osid }, data: { extra: 'x' } };
    for (let round = 0; round < 3; round += 1) {
      await access.admin.apply(object, { fieldManager: 'gitops' });
      const isRemoved = async () => !('extra' in mapAt(await live(config()), 'data'));
      await waitUntil(isRemoved, { everyMs: 5, because: () => 'data.extra is still there' });
    }
    await harness.waitForStatus(osid, ({ conditions }) =>
      conditions.some(
        ({ reason, message }) => reason === 'Contested' && /gitops keeps changing data\.extra/.test(message),
      ),
    );
    await harness.waitForDrift(osid, ({ action, manager }) => action === 'contested' && manager === 'gitops');
  });
});

describe('under the policy report, an addition', () => {
  beforeEach(() => harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid), 'report')));

  it('is reported once and stays, until it is gone or the policy is repair', async () => {
    await edit(service(), { spec: { externalIPs: ['192.0.2.1'] } });
    await edit(config(), { data: { 'other.conf': 'dir /tmp' } });
    const reported = (field: string) => harness.waitForDrift(osid, ({ fields }) => fields.includes(field));
    expect(await reported('spec.externalIPs')).toMatchObject({ action: 'reported', manager: foreign.fieldManager });
    expect(await reported('data["other.conf"]')).toMatchObject({ action: 'reported', manager: foreign.fieldManager });
    await edit(config(), { metadata: { annotations: { note: 'x' } } });
    await harness.waitForStatus(osid, ({ conditions }) =>
      conditions.some(({ type, message }) => type === 'Drifted' && message.includes('data["other.conf"]')),
    );
    expect(mapAt(await live(config()), 'data')).toHaveProperty(['other.conf']);
    expect(harness.drifts(osid)).toHaveLength(2);

    await patch(config(), { op: 'remove', path: '/data/other.conf' });
    await harness.applyUntilReady(bundleOf(osid, 3, objectsOf(osid), 'repair'));
    await harness.waitForDrift(osid, ({ action, fields }) => action === 'repaired' && fields[0] === 'spec.externalIPs');
    expect(mapAt(await live(service()), 'spec')).not.toHaveProperty('externalIPs');
    await harness.waitForStatus(osid, ({ generation, conditions }) =>
      conditions.some(({ type, reason }) => generation === 3 && type === 'Drifted' && reason === 'NoDrift'),
    );
  });
});
