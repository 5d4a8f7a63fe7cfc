import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { KubeError } from '@runos/kube-client';
import { type KubeObject, mapAt, type ObjectRef } from '@runos/kube-objects';
import { kubeRequest } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, type Harness, newOsid, objectsOf, refIn, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];

const claimRef = () => refIn(osid, 'v1', 'PersistentVolumeClaim', `${osid}-1`);
const cluster = () => refIn(osid, 'postgresql.cnpg.io/v1', 'Cluster');
const resized = ({ conditions }: Status) => conditions.find(({ type }) => type === 'StorageResized');
const isResized = (status: Status) => resized(status)?.status === 'True';
const bundleWith = (revision: number, storageMb: number, storageClasses: object = {}) =>
  bundleOf(osid, revision, objectsOf(osid, { replicas: 1, storageMb, storageClasses }));

/** What a storage driver reports. */
const report = (status: object) =>
  kubeRequest(access.cluster, `/api/v1/namespaces/${osid}/persistentvolumeclaims/${osid}-1/status`, {
    method: 'PATCH',
    body: JSON.stringify({ status }),
    contentType: 'application/strategic-merge-patch+json',
  });
const driverCondition = (type: string, message: string) => ({ type, status: 'True', reason: '', message });
const waitFor = (matches: (status: Status) => unknown) => harness.waitForStatus(osid, matches);
/** The storage of the applied bundle is in this state. */
const waitForState = (reason: string) =>
  waitFor((status) => status.phase !== 'applying' && resized(status)?.reason === reason);
const sizeOf = async (ref: ObjectRef) => mapAt(await access.admin.get(ref), 'spec', 'storage')['size'];

/** The operator has made the claim. */
async function start(storageClasses: object = {}): Promise<void> {
  await harness.applyUntilReady(bundleWith(1, 1_024, storageClasses));
  const isBound = async () => mapAt(await access.admin.get(claimRef()), 'status')['phase'] === 'Bound';
  await waitUntil(isBound, { because: () => 'the claim is not bound' });
}

/** The desired storage grows, and the operator requests it. */
async function grow(): Promise<void> {
  await start();
  await harness.controller.applyBundle(bundleWith(2, 2_048));
  const requests = async () => mapAt(await access.admin.get(claimRef()), 'spec', 'resources', 'requests');
  const isRequested = async () => (await requests())['storage'] === '2Gi';
  await waitUntil(isRequested, { because: () => 'the operator has not requested the storage' });
}

useHarness((started) => ({ access, harness } = started), { blockedBackoff: () => 300 });

beforeEach(() => {
  osid = newOsid('postgresql');
});

describe('storage that grows', () => {
  it('is not ready before the volume has grown, and names the step of the storage driver', async () => {
    await grow();
    const pending = await waitForState('ResizePending');
    expect(pending).toMatchObject({ generation: 2, phase: 'applied', volumeCapacityMb: 1_024 });
    expect(resized(pending)?.message).toBe(
      `Claim ${osid}-1 requests 2048Mi, nothing is allocated, and its volume has 1024Mi: ` +
        'its storage driver has not grown the volume yet.',
    );
    await report({
      conditions: [driverCondition('FileSystemResizePending', 'waiting for a pod')],
      allocatedResources: { storage: '2Gi' },
    });
    const step = await waitForState('FileSystemResizePending');
    expect(resized(step)?.message).toContain('2048Mi is allocated, and its volume has 1024Mi: waiting for a pod.');
    expect(
      harness.statuses.filter((one) => one.osid === osid && one.generation === 2 && one.phase === 'ready'),
    ).toEqual([]);
    await report({ capacity: { storage: '2Gi' }, conditions: [{ type: 'FileSystemResizePending', $patch: 'delete' }] });
    const grown = await waitFor((one) => one.generation === 2 && one.phase === 'ready');
    expect(grown.volumeCapacityMb).toBe(2_048);
    expect(isResized(grown)).toBe(true);
  });

  it.each(['ControllerResizeError', 'NodeResizeError'])('is degraded by a %s, in its words', async (reason) => {
    await grow();
    await report({ conditions: [driverCondition(reason, 'out of space on pool a')] });
    const refused = await waitForState(reason);
    expect(refused.phase).toBe('degraded');
    expect(refused.objects[0]).toMatchObject({
      kind: 'PersistentVolumeClaim',
      name: `${osid}-1`,
      state: 'degraded',
      reason,
      message: expect.stringContaining('its volume has 1024Mi: out of space on pool a. Let the volume grow'),
    });
  });

  it('is degraded where the API server refuses it, in its words, until it allows it', async () => {
    const name = `fixed-${osid}`;
    const local = await access.admin.get({ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name: 'local' });
    const fixed = { ...local, metadata: { name }, allowVolumeExpansion: false } as KubeObject;
    await access.admin.create(fixed);
    await start({ local: name });
    await harness.controller.applyBundle(bundleWith(2, 2_048, { local: name }));
    const refused = await waitForState('ResizeRefused');
    expect(refused.phase).toBe('degraded');
    expect(refused.objects[0]?.message).toMatch(
      /requests 1024Mi, its volume has 1024Mi, and 2048Mi is desired, which the API server refuses: .*must support resize\. Let the volume grow, or set the storage back to 1024Mi\.$/,
    );
    const storageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', name };
    await access.admin.mergePatch(storageClass, { allowVolumeExpansion: true });
    await waitForState('ResizePending');
    await access.admin.delete(storageClass);
  });
});

describe('storage that goes back', () => {
  /** The rule of the operator's own webhook. */
  async function refuseShrinking(): Promise<void> {
    const metadata = { name: `no-shrinking-${osid}` };
    const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata };
    const resourceRules = [
      { apiGroups: ['postgresql.cnpg.io'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['clusters'] },
    ];
    const expression =
      `request.namespace != '${osid}' || ` +
      "object.metadata.?annotations[?'cnpg.io/validation'].orValue('') == 'disabled' || " +
      '!quantity(object.spec.storage.size).isLessThan(quantity(oldObject.spec.storage.size))';
    const validations = [{ expression, message: "can't shrink existing storage" }];
    await access.admin.create({
      ...admission,
      kind: 'ValidatingAdmissionPolicy',
      spec: { matchConstraints: { resourceRules }, validations },
    });
    await access.admin.create({
      ...admission,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: metadata.name, validationActions: ['Deny'] },
    });
    const isRefused = () =>
      access.admin.mergePatch(cluster(), { spec: { storage: { size: '1Mi' } } }, { dryRun: true }).then(
        () => false,
        (thrown: unknown) => thrown instanceof KubeError && thrown.message.includes("can't shrink"),
      );
    await waitUntil(isRefused, { because: () => 'the policy is not enforced' });
  }

  it('to what the volumes really have is ready, although the operator accepts no smaller storage', async () => {
    await grow();
    await report({ conditions: [driverCondition('ControllerResizeError', 'out of space')] });
    await waitFor(({ generation, phase }) => generation === 2 && phase === 'degraded');
    await refuseShrinking();
    await harness.controller.applyBundle(bundleWith(3, 1_024));
    const back = await waitFor(({ generation, phase }) => generation === 3 && phase === 'ready');
    expect(await sizeOf(cluster())).toBe('1Gi');
    expect((await access.admin.get(cluster())).metadata.annotations ?? {}).not.toHaveProperty('cnpg.io/validation');
    // Kubernetes lowers no claim to the size of its volume, so the failed request stays visible.
    expect(resized(back)).toMatchObject({
      status: 'False',
      reason: 'ControllerResizeError',
      message: expect.stringContaining('The volume has what is desired'),
    });
    expect(harness.drifts(osid)).toEqual([]);
  });

  it('below what a volume has is refused by the operator, and stays so', async () => {
    await grow();
    await report({ capacity: { storage: '2Gi' } });
    await waitFor(({ generation, phase }) => generation === 2 && phase === 'ready');
    await refuseShrinking();
    await harness.controller.applyBundle(bundleWith(3, 1_024));
    const blocked = await waitFor(({ generation, phase }) => generation === 3 && phase !== 'applying');
    expect(blocked.objects[0]).toMatchObject({ message: expect.stringContaining("can't shrink existing storage") });
    expect(await sizeOf(cluster())).toBe('2Gi');
  });
});
