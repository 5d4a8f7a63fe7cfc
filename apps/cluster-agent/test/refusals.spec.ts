import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { bearer, KubeClient, KubeError } from '@runos/kube-client';
import { type ObjectRef, refOf } from '@runos/kube-objects';
import { enforcePolicy, keepingPolicy } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';
import { type AgentAccess, useAccess } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf, refIn } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let client: RefusedClient;
let osid: Bundle['osid'];

/** A client whose account lacks the right to list one kind. */
class RefusedClient extends KubeClient {
  refusedKind = '';

  override async *pages(...[selection, options]: Parameters<KubeClient['pages']>): ReturnType<KubeClient['pages']> {
    this.#check(selection.kind);
    yield* super.pages(selection, options);
  }

  #check(kind: string): void {
    if (kind !== this.refusedKind) return;
    throw new KubeError(`no right to list ${kind}`, { status: 403, reason: 'Forbidden' });
  }
}

const conditionOf = ({ conditions }: Status, type: string) => conditions.find((one) => one.type === type);
const exists = async (ref: ObjectRef) => (await access.admin.find(ref)) !== undefined;

/** An admission policy that refuses deletions in the namespace of the instance. */
async function refuseDeletions(resources: string[]): Promise<() => Promise<void>> {
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe', namespace: osid } };
  const isEnforced = async () => {
    await access.admin.apply(probe);
    return access.admin.delete(refOf(probe)).then(
      () => false,
      (thrown: unknown) => thrown instanceof KubeError && thrown.message.includes('kept by a test'),
    );
  };
  const policy = keepingPolicy(`keep-${osid}`, { resources, namespace: osid, message: 'kept by a test' });
  const remove = await enforcePolicy(access.admin, policy, isEnforced);
  return async () => {
    await remove();
    await waitUntil(async () => !(await isEnforced()), { because: () => 'it is still enforced' });
  };
}

useAccess((started) => (access = started));

beforeEach(async () => {
  osid = newOsid();
  client = new RefusedClient({ ...access.cluster, ...bearer(access.token) });
  harness = new Harness(access, { client, blockedBackoff: () => 300, informers: { backoff: () => 200 } });
});

afterEach(async () => {
  await harness.stop();
  await client.close();
});

describe('a refused deletion', () => {
  it('of an object that is no longer in the bundle prevents the end of the change', async () => {
    await harness.start();
    const objects = objectsOf(osid);
    await harness.applyUntilReady(bundleOf(osid, 1, objects));
    const members = refIn(osid, 'v1', 'Service', `${osid}-members`);
    const allow = await refuseDeletions(['services', 'configmaps']);
    const reduced = objects.filter(({ metadata }) => metadata.name !== members.name);
    await harness.controller.applyBundle(bundleOf(osid, 2, reduced));
    const refused = await harness.waitForStatus(
      osid,
      ({ generation, phase }) => generation === 2 && phase === 'degraded',
    );
    expect(refused.objects[0]).toMatchObject({
      kind: 'Service',
      name: members.name,
      state: 'failed',
      reason: 'DeletionRefused',
      message: expect.stringMatching(/^Cannot delete Service .*: .*kept by a test/),
    });
    expect(conditionOf(refused, 'Applied')).toMatchObject({ status: 'False', reason: 'DeletionRefused' });
    const isReady = (status: Status) => status.osid === osid && status.generation === 2 && status.phase === 'ready';
    expect(harness.statuses.filter(isReady)).toEqual([]);
    await allow();
    await harness.waitForStatus(osid, isReady);
    expect(await exists(members)).toBe(false);
  });

  it('of an object of a removed instance is quoted in the status, and the removal continues after it', async () => {
    await harness.start();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    const allow = await refuseDeletions(['statefulsets', 'configmaps']);
    await harness.controller.deleteBundle({ osid, generation: 2, revision: 2 });
    const refused = await harness.waitForStatus(osid, ({ objects }) =>
      objects.some(({ reason }) => reason === 'DeletionRefused'),
    );
    expect(conditionOf(refused, 'Removed')).toMatchObject({
      status: 'False',
      reason: 'DeletionRefused',
      message: expect.stringMatching(/Cannot delete StatefulSet .*: .*kept by a test/),
    });
    await allow();
    await harness.waitForStatus(osid, ({ phase }) => phase === 'gone');
  });
});

describe('a refused list', () => {
  it.each(['Pod', 'Namespace', 'PersistentVolumeClaim', 'StatefulSet'])(
    'of the kind %s is quoted in the status of every instance, until it is allowed',
    async (kind) => {
      client.refusedKind = kind;
      await harness.controller.load();
      harness.controller.start();
      await harness.controller.applyBundle(bundleOf(osid, 1, objectsOf(osid)));
      const refused = await harness.waitForStatus(
        osid,
        (status) => conditionOf(status, 'Observed')?.status === 'False',
      );
      expect(conditionOf(refused, 'Observed')).toMatchObject({
        reason: 'ListRefused',
        message: expect.stringContaining(`no right to list ${kind}`),
      });
      client.refusedKind = '';
      await harness.waitForStatus(
        osid,
        (status) => status.phase === 'ready' && conditionOf(status, 'Observed')?.status === 'True',
      );
    },
  );

  it('of volumes is quoted in the status of a removal, which waits for it', async () => {
    client.refusedKind = 'PersistentVolume';
    await harness.controller.load();
    harness.controller.start();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await harness.controller.deleteBundle({ osid, generation: 2, revision: 2 });
    const refused = await harness.waitForStatus(
      osid,
      (status) => conditionOf(status, 'Removed')?.reason === 'ListRefused',
    );
    expect(conditionOf(refused, 'Removed')?.message).toContain('no right to list PersistentVolume');
    client.refusedKind = '';
    await harness.waitForStatus(osid, ({ phase }) => phase === 'gone');
  });

  it('of claims is quoted in the status of a removal', async () => {
    await harness.start();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    client.refusedKind = 'PersistentVolumeClaim';
    await harness.controller.deleteBundle({ osid, generation: 2, revision: 2 });
    const refused = await harness.waitForStatus(
      osid,
      (status) => conditionOf(status, 'Removed')?.reason === 'Forbidden',
    );
    expect(conditionOf(refused, 'Removed')?.message).toContain('no right to list PersistentVolumeClaim');
    client.refusedKind = '';
    await harness.waitForStatus(osid, ({ phase }) => phase === 'gone');
  });
});
