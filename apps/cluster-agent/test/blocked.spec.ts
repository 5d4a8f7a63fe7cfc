import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { isConflict, KubeError } from '@runos/kube-client';
import { type KubeObject, mapAt, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';
import { type AgentAccess, finalizeNamespace, useAccess } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf, refIn } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
/** Deleted after the test. */
let obstacles: KubeObject[];

useAccess((started) => (access = started));

beforeEach(() => {
  osid = newOsid();
  obstacles = [];
});

afterEach(async () => {
  await removeObstacles();
  await harness.stop();
});

const never = () => 3_600_000;
const start = async (blockedBackoff: () => number) => {
  harness = await new Harness(access, { blockedBackoff }).start();
};
const isFailed = ({ phase }: Status) => phase === 'failed';
const untilReady = (generation = 1) =>
  harness.waitForStatus(osid, (status) => status.phase === 'ready' && status.generation === generation);

async function obstruct(object: KubeObject): Promise<void> {
  obstacles.push(await access.admin.create(object));
}

async function removeObstacles(): Promise<void> {
  const removed = obstacles.splice(0);
  const areGone = async () => (await Promise.all(removed.map(isGone))).every(Boolean);
  await waitUntil(areGone, { because: () => 'the obstacles still exist' });
  await waitUntil(async () => !(await isConfigMapRefused()), { because: () => 'the policy is still enforced' });
}

/** Requests the deletion until it is done. The agent may create an object of the same name at once. */
async function isGone(object: KubeObject): Promise<boolean> {
  const { uid } = object.metadata;
  if ((await access.admin.find(refOf(object)))?.metadata.uid !== uid) return true;
  await access.admin.delete(refOf(object), { uid }).catch((thrown: unknown) => {
    if (!isConflict(thrown)) throw thrown;
  });
  return false;
}

/** The API server enforces a policy, and the end of one, only after a moment. */
function isConfigMapRefused(): Promise<boolean> {
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${osid}-config`, namespace: 'default' } };
  return access.admin.create(probe, { dryRun: true }).then(
    () => false,
    (thrown: unknown) => thrown instanceof KubeError && thrown.message.includes('denied by a test'),
  );
}

async function obstructNamespace(): Promise<void> {
  await obstruct({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: osid } });
  await finalizeNamespace(access.admin, osid);
}

/** An admission policy that refuses the ConfigMap and the custom resource of the instance. */
async function refuseObjects(): Promise<void> {
  const admission = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: `deny-${osid}` } };
  await obstruct({
    ...admission,
    kind: 'ValidatingAdmissionPolicy',
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ['*'],
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['configmaps', 'clusters'],
          },
        ],
      },
      validations: [
        { expression: `!(object.metadata.name in ['${osid}', '${osid}-config'])`, message: 'denied by a test' },
      ],
    },
  });
  await obstruct({
    ...admission,
    kind: 'ValidatingAdmissionPolicyBinding',
    spec: { policyName: `deny-${osid}`, validationActions: ['Deny'] },
  });
  await waitUntil(isConfigMapRefused, { because: () => 'the policy is not enforced' });
}

/** An instance that is ready, and whose next generation changes the ConfigMap, which is refused. */
async function refuseChange(): Promise<void> {
  const objects = objectsOf(osid);
  await harness.applyUntilReady(bundleOf(osid, 1, objects));
  await refuseObjects();
  const changed = objects.map((object) =>
    object.kind === 'ConfigMap' ? { ...object, data: { ...mapAt(object, 'data'), extra: 'x' } } : object,
  );
  await harness.controller.applyBundle(bundleOf(osid, 2, changed));
  await harness.waitForStatus(osid, (status) => isFailed(status) && status.generation === 2);
}

describe('a blocked object', () => {
  it('is applied when the foreign object of its name is gone', async () => {
    await start(() => 200);
    await obstructNamespace();
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const { objects } = await harness.waitForStatus(osid, isFailed);
    expect(objects[0]).toMatchObject({ kind: 'Namespace', state: 'failed', reason: 'OwnedByAnother' });
    await removeObstacles();
    await untilReady();
  });

  it('is applied when the admission policy that refused it is gone', async () => {
    await start(() => 200);
    await refuseObjects();
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const { objects } = await harness.waitForStatus(osid, isFailed);
    expect(objects[0]).toMatchObject({ kind: 'ConfigMap', state: 'failed', reason: 'Blocked' });
    expect(objects[0]?.message).toMatch(/denied by a test\.$/);
    await removeObstacles();
    await untilReady();
  });

  it('is applied at once when the plane sends the bundle again', async () => {
    await start(never);
    const bundle = bundleOf(osid, 1, objectsOf(osid));
    await obstructNamespace();
    await harness.controller.applyBundle(bundle);
    await harness.waitForStatus(osid, isFailed);
    await removeObstacles();
    await harness.controller.applyBundle(bundle);
    await untilReady();
  });

  it('is applied at once when the object is changed', async () => {
    await start(never);
    await refuseChange();
    await removeObstacles();
    const config = refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
    await access.admin.mergePatch(config, { metadata: { labels: { touched: 'yes' } } });
    await untilReady(2);
  });

  it('is applied at once when an add-on has changed, if it is a custom resource', async () => {
    osid = newOsid('postgresql');
    await start(never);
    await refuseObjects();
    await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
    const { objects } = await harness.waitForStatus(osid, isFailed);
    expect(objects[0]).toMatchObject({ kind: 'Cluster', state: 'failed', reason: 'Blocked' });
    await removeObstacles();
    harness.controller.retryCustomResources();
    await harness.waitForStatus(osid, ({ conditions }) => conditions.some(({ reason }) => reason === 'Applied'));
  });

  it('stops nothing else: other objects of the instance are repaired', async () => {
    await start(never);
    await refuseChange();
    const set = refIn(osid, 'apps/v1', 'StatefulSet');
    await access.admin.mergePatch(set, { spec: { replicas: 2 } }, { fieldManager: 'other-operator' });
    await harness.waitForDrift(osid, ({ manager }) => manager === 'other-operator');
  });
});
