import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt, mapsIn } from '@runos/kube-objects';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

/** Fields of a pod template that decide about its rights, and that a service type leaves unset. */
let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
const foreign = { fieldManager: 'kubectl-edit' };
const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const podSpecOf = (object: KubeObject) => mapAt(object, 'spec', 'template', 'spec');
const container = 'spec.template.spec.containers[name=valkey]';

/** Kubernetes would refuse the pods of such templates. */
const withoutPods = { replicas: 0 };

/** A rendered object, without the fields that keep pods from rights. */
const bare = (object: KubeObject): KubeObject => {
  if (object.kind !== 'StatefulSet') return object;
  const { securityContext: _, automountServiceAccountToken: __, ...podSpec } = podSpecOf(object);
  const containers = mapsIn(podSpec['containers']).map(({ securityContext: ___, ...rest }) => rest);
  const spec = mapAt(object, 'spec');
  const template = { ...mapAt(spec, 'template'), spec: { ...podSpec, containers } };
  return { ...object, spec: { ...spec, template } };
};

useHarness((started) => ({ access, harness } = started));

beforeEach(async () => {
  osid = newOsid();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid, withoutPods).map(bare)));
});

const patchPod = (podFields: object, containerFields: object) =>
  access.admin.apply(
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: osid, namespace: osid },
      spec: { template: { spec: { ...podFields, containers: [{ name: 'valkey', ...containerFields }] } } },
    },
    foreign,
  );

describe('a field of a pod template that gives rights', () => {
  it('is removed when others set it, and what it means when unset is back', async () => {
    await patchPod(
      {
        hostNetwork: true,
        hostPID: true,
        hostIPC: true,
        serviceAccountName: 'operator',
        automountServiceAccountToken: false,
        runtimeClassName: 'other',
        hostAliases: [{ ip: '192.0.2.1', hostnames: ['example.com'] }],
        securityContext: { runAsUser: 0, runAsNonRoot: true, fsGroup: 0, sysctls: [{ name: 'a.b', value: '1' }] },
      },
      {
        workingDir: '/tmp',
        securityContext: { privileged: true, runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] }, procMount: 'Default' },
      },
    );
    const drift = await harness.waitForDrift(osid, ({ manager }) => manager === foreign.fieldManager);
    expect(drift).toMatchObject({ action: 'repaired' });
    // The API server has written an empty one with our create, and it was taken over.
    const added = drift.fields.filter((field) => field !== 'spec.template.spec.securityContext');
    expect(added.sort()).toEqual([
      'spec.template.spec.automountServiceAccountToken',
      `${container}.securityContext.capabilities.add`,
      `${container}.securityContext.privileged`,
      `${container}.securityContext.runAsUser`,
      `${container}.workingDir`,
      'spec.template.spec.hostAliases[ip=192.0.2.1]',
      'spec.template.spec.hostIPC',
      'spec.template.spec.hostNetwork',
      'spec.template.spec.hostPID',
      'spec.template.spec.runtimeClassName',
      'spec.template.spec.securityContext.fsGroup',
      'spec.template.spec.securityContext.runAsNonRoot',
      'spec.template.spec.securityContext.runAsUser',
      'spec.template.spec.securityContext.sysctls',
      'spec.template.spec.serviceAccountName',
    ]);
    const podSpec = podSpecOf(await access.admin.get(statefulSet()));
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'serviceAccountName', 'serviceAccount']) {
      expect(podSpec).not.toHaveProperty(field);
    }
    expect(podSpec['securityContext']).toEqual({});
    expect(mapAt(mapsIn(podSpec['containers'])[0] ?? {}, 'securityContext')).toEqual({
      capabilities: {},
      procMount: 'Default',
    });
  });

  it('is removed beside fields of the same map that the type sets', async () => {
    const secured = objectsOf(osid, withoutPods);
    await harness.applyUntilReady(bundleOf(osid, 2, secured));
    await patchPod({}, { securityContext: { capabilities: { add: ['NET_ADMIN'] }, runAsUser: 0 } });
    const { fields } = await harness.waitForDrift(osid, ({ manager }) => manager === foreign.fieldManager);
    expect([...fields].sort()).toEqual([
      `${container}.securityContext.capabilities.add`,
      `${container}.securityContext.runAsUser`,
    ]);
    const containers = mapsIn(podSpecOf(await access.admin.get(statefulSet()))['containers']);
    expect(mapAt(containers[0] ?? {}, 'securityContext')).toMatchObject({ capabilities: { drop: ['ALL'] } });
  });
});

describe('no drift', () => {
  /** Causes a real drift. Once it is reported, all earlier events have been handled. */
  const expectOnlyBarrier = async () => {
    const config = refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
    await access.admin.mergePatch(config, { data: { 'start.sh': 'exit 1' } }, { fieldManager: 'barrier' });
    await harness.waitForDrift(osid, ({ manager }) => manager === 'barrier');
    expect(harness.drifts(osid).map(({ manager }) => manager)).toEqual(['barrier']);
  };

  it('is a value that equals the meaning of an unset field', async () => {
    await patchPod(
      {
        hostNetwork: false,
        hostUsers: true,
        shareProcessNamespace: false,
        serviceAccountName: 'default',
        automountServiceAccountToken: true,
        securityContext: { runAsNonRoot: false, fsGroupChangePolicy: 'Always', supplementalGroupsPolicy: 'Merge' },
      },
      {
        workingDir: '',
        args: [],
        securityContext: {
          privileged: false,
          allowPrivilegeEscalation: true,
          readOnlyRootFilesystem: false,
          runAsNonRoot: false,
          procMount: 'Default',
        },
      },
    );
    await expectOnlyBarrier();
    expect(podSpecOf(await access.admin.get(statefulSet()))).toMatchObject({ serviceAccountName: 'default' });
  });

  it('are the defaults of the API server, when another manager applies the whole object', async () => {
    const { metadata: _, status: __, ...live } = await access.admin.get(statefulSet());
    await access.admin.apply({ ...live, metadata: { name: osid, namespace: osid } } as KubeObject, foreign);
    await expectOnlyBarrier();
  });
});
