import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { bearer, KubeError } from '@runos/kube-client';
import { type KubeObject, mapAt, type ObjectRef, refKey } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, useAccess } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf, refIn } from './harness.js';
import { InterleavingClient } from './interleaving-client.js';

let access: AgentAccess;
let harness: Harness;
let client: InterleavingClient;
let osid: Bundle['osid'];

const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const bundleWith = (revision: number, cpuLimitMc: number) => bundleOf(osid, revision, objectsOf(osid, { cpuLimitMc }));
const scale = (replicas: number, fieldManager = 'other-operator') =>
  access.admin.mergePatch(statefulSet(), { spec: { replicas } }, { fieldManager });
const replicas = async () => mapAt(await access.admin.get(statefulSet()), 'spec')['replicas'];
const isForeign = ({ manager }: { manager?: string | null }) => manager === 'other-operator';

/** The agent has observed this state of the object, or a newer one. */
async function observed({ metadata }: KubeObject, ref: ObjectRef = statefulSet()): Promise<void> {
  const known = () => harness.controller.instances.get(osid)?.objects.get(refKey(ref))?.resourceVersion;
  const caughtUp = () => Number(known() ?? 0) >= Number(metadata.resourceVersion);
  await waitUntil(caughtUp, { everyMs: 5, because: () => `the agent has observed ${known()}` });
}

/** The repair of the foreign change is an event, and nothing else is. */
async function onlyRepair(fields = ['spec.replicas']): Promise<void> {
  const found = await harness.waitForDrift(osid, isForeign);
  expect(found).toMatchObject({ action: 'repaired', fields });
  expect(harness.drifts(osid)).toEqual([found]);
  expect(await replicas()).toBe(1);
}

useAccess((started) => (access = started));

beforeEach(async () => {
  osid = newOsid();
  client = new InterleavingClient({ ...access.cluster, ...bearer(access.token) });
  harness = await new Harness(access, { client }).start();
  await harness.applyUntilReady(bundleWith(1, 500));
});

afterEach(async () => {
  await harness.stop();
  await client.close();
});

describe('a foreign change while our apply of a new bundle is in flight', () => {
  it('is reported if its event arrives before our response', async () => {
    client.around = async (apply) => {
      await observed(await scale(3));
      return apply();
    };
    await harness.applyUntilReady(bundleWith(2, 600));
    await onlyRepair();
  });

  it('is reported if its event arrives after our response', async () => {
    client.around = async (apply) => {
      await scale(3);
      return apply();
    };
    await harness.applyUntilReady(bundleWith(2, 600));
    await onlyRepair();
  });

  it('is reported if our apply fails and is repeated', async () => {
    client.around = async () => {
      await observed(await scale(3));
      throw new KubeError('the API server is busy', { status: 503, reason: 'ServiceUnavailable' });
    };
    await harness.applyUntilReady(bundleWith(2, 600));
    await onlyRepair();
  });

  it('is reported if another bundle arrives before its repair', async () => {
    client.around = async (apply) => {
      const applied = await apply();
      await observed(await scale(3));
      await harness.controller.applyBundle(bundleWith(3, 700));
      return applied;
    };
    await harness.controller.applyBundle(bundleWith(2, 600));
    await harness.waitForStatus(osid, ({ generation, phase }) => generation === 3 && phase === 'ready');
    await onlyRepair();
  });

  it('is no drift if only we have changed the object, however fast the bundles follow each other', async () => {
    for (const [index, cpu] of [600, 700, 800].entries()) {
      await harness.controller.applyBundle(bundleWith(index + 2, cpu));
    }
    await harness.waitForStatus(osid, ({ generation, phase }) => generation === 4 && phase === 'ready');
    expect(harness.drifts(osid)).toEqual([]);
  });
});

describe('a second foreign change while a repair is in flight', () => {
  it('is reported beside the first one', async () => {
    client.around = async (apply) => {
      const labels = { 'runos.com/cid': 'another' };
      await access.admin.mergePatch(statefulSet(), { metadata: { labels } }, { fieldManager: 'second-operator' });
      return apply();
    };
    await scale(3);
    await harness.waitForDrift(osid, isForeign);
    const second = await harness.waitForDrift(osid, ({ manager }) => manager === 'second-operator');
    expect(second).toMatchObject({ action: 'repaired' });
  });
});

describe('a bundle that ends the policy `report`', () => {
  it('reports as repaired what it reverts', async () => {
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid), 'report'));
    await scale(3);
    await harness.waitForDrift(osid, ({ action }) => action === 'reported');
    await access.admin.delete(refIn(osid, 'v1', 'Service'));
    await harness.waitForDrift(osid, ({ action, object }) => action === 'reported' && object.kind === 'Service');
    await harness.applyUntilReady(bundleOf(osid, 3, objectsOf(osid), 'repair'));
    await harness.waitForDrift(osid, (drift) => isForeign(drift) && drift.action === 'repaired');
    await harness.waitForDrift(osid, ({ action, object }) => action === 'recreated' && object.kind === 'Service');
    expect(await replicas()).toBe(1);
  });
});

describe('drift that is only reported', () => {
  it('is reported again when the same field gets another value', async () => {
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid), 'report'));
    await scale(3);
    await harness.waitForDrift(osid, ({ action }) => action === 'reported');
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // managedFields have a resolution of 1 s
    await scale(2);
    const reported = () => harness.drifts(osid).filter(({ action }) => action === 'reported').length;
    await waitUntil(() => reported() === 2, { because: () => `${reported()} reports` });
  });
});

describe('a foreign change of our fields that adds others too', () => {
  it('is one event, also if the agent observes our apply before it removes the addition', async () => {
    client.around = async (apply) => {
      const applied = await apply();
      await observed(applied);
      return applied;
    };
    const env = {
      op: 'add' as const,
      path: '/spec/template/spec/containers/0/env/-',
      value: { name: 'X', value: 'x' },
    };
    const both = [{ op: 'replace' as const, path: '/spec/replicas', value: 2 }, env];
    await access.admin.jsonPatch(statefulSet(), both, { fieldManager: 'other-operator' });
    await onlyRepair(['spec.replicas', 'spec.template.spec.containers[name=valkey].env[name=X]']);
    await scale(3, 'barrier');
    await harness.waitForDrift(osid, ({ manager }) => manager === 'barrier');
    expect(harness.drifts(osid).filter(isForeign)).toHaveLength(1);
  });
});
