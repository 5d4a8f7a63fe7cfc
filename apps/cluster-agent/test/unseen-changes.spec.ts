import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { bearer } from '@runos/kube-client';
import { type KubeObject, mapAt, ownerLabels, refKey } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf, refIn } from './harness.js';
import { InterleavingClient } from './interleaving-client.js';

let access: AgentAccess;
let harness: Harness;
let client: InterleavingClient;
let osid: Bundle['osid'];

const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
/** Each bundle adds an annotation to the pods and changes their CPU limit. */
const bundleWith = (revision: number) =>
  bundleOf(
    osid,
    revision,
    objectsOf(osid, { cpuLimitMc: 500 + revision, restartedAt: `2026-11-0${revision}T00:00:00Z` }),
  );
const labelPath = (label: string) => `/metadata/labels/${label.replace('/', '~1')}`;
const removeLabel = (label: string) =>
  access.admin.jsonPatch(statefulSet(), [{ op: 'remove', path: labelPath(label) }], { fieldManager: 'by-hand' });
const labels = async () => (await access.admin.get(statefulSet())).metadata.labels ?? {};
const printed = (label: string) => `metadata.labels["${label}"]`;
const stateOf = () => harness.controller.instances.get(osid)?.objects.get(refKey(statefulSet()));
const until = (holds: () => unknown, what: string) =>
  waitUntil(() => Boolean(holds()), { everyMs: 5, because: () => `${what} did not happen` });

/** The agent has observed this state, or a newer one. */
const observed = ({ metadata }: KubeObject) =>
  until(() => Number(stateOf()?.resourceVersion ?? 0) >= Number(metadata.resourceVersion), 'the event');
/** The watch has reported that the object has left the selection. */
const left = () => until(() => stateOf()?.health?.reason === 'Missing', 'the end of the watch');

/** Exactly this drift of the StatefulSet is reported once the bundle is ready. */
async function onlyDrift(generation: number, expected: object): Promise<void> {
  await harness.waitForStatus(osid, (status) => status.generation === generation && status.phase === 'ready');
  const found = await harness.waitForDrift(osid, ({ object }) => object.kind === 'StatefulSet');
  expect(found).toMatchObject(expected);
  expect(harness.drifts(osid)).toEqual([found]);
}

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);

afterAll(() => access?.stop());

beforeEach(async () => {
  osid = newOsid();
  client = new InterleavingClient({ ...access.cluster, ...bearer(access.token) });
  harness = await new Harness(access, { client }).start();
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
});

afterEach(async () => {
  await harness.stop();
  await client.close();
});

describe('a field that is removed by hand while a new bundle changes its object', () => {
  const expected = { action: 'repaired', manager: null, removed: true, fields: [printed(ownerLabels.cid)] };

  it('is reported, and what the bundle adds is not, if the event arrives before the apply', async () => {
    client.around = async (apply) => {
      await observed(await removeLabel(ownerLabels.cid));
      return apply();
    };
    await harness.controller.applyBundle(bundleWith(2));
    await onlyDrift(2, expected);
    expect(await labels()).toMatchObject({ [ownerLabels.cid]: 'demo' });
  });

  it('is reported if the event arrives after the apply, also for the second bundle in a row', async () => {
    await harness.applyUntilReady(bundleWith(2));
    client.around = async (apply) => {
      await removeLabel(ownerLabels.cid);
      return apply();
    };
    await harness.controller.applyBundle(bundleWith(3));
    await onlyDrift(3, expected);
  });
});

describe('the label of our selector that is removed', () => {
  const expected = { action: 'repaired', manager: null, removed: true, fields: [printed(ownerLabels.managedBy)] };

  it('while a new bundle is applied is reported, whether the watch has sent it or not', async () => {
    client.around = async (apply) => {
      await removeLabel(ownerLabels.managedBy);
      await left();
      return apply();
    };
    await harness.controller.applyBundle(bundleWith(2));
    await onlyDrift(2, expected);
    harness.statuses.length = 0;
    client.around = async (apply) => {
      await removeLabel(ownerLabels.managedBy);
      return apply();
    };
    await harness.controller.applyBundle(bundleWith(3));
    await onlyDrift(3, expected);
    expect(await labels()).toMatchObject({ [ownerLabels.managedBy]: 'runos' });
  });

  it.each([
    ['before', left],
    ['after', () => Promise.resolve()],
  ])(
    'while a repair is in flight is reported beside what was repaired, if its event comes %s the apply',
    async (_, seen) => {
      client.around = async (apply) => {
        await removeLabel(ownerLabels.managedBy);
        await seen();
        return apply();
      };
      await access.admin.mergePatch(statefulSet(), { spec: { replicas: 3 } }, { fieldManager: 'other-operator' });
      await harness.waitForDrift(osid, ({ manager }) => manager === 'other-operator');
      await harness.waitForDrift(osid, ({ fields }) => fields.includes(printed(ownerLabels.managedBy)));
      expect(harness.drifts(osid)).toHaveLength(2);
    },
  );

  it('while a repair is in flight is reported if its last write is newer than the last event', async () => {
    let mend: () => void = () => undefined;
    client.around = async (apply) => {
      await removeLabel(ownerLabels.managedBy);
      await left();
      await observed(await apply());
      client.cutWatch(new Promise((resolve) => (mend = resolve)));
      return access.admin.mergePatch(statefulSet(), { metadata: { annotations: { added: 'since' } } });
    };
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 3 } }, { fieldManager: 'other-operator' });
    await harness.waitForDrift(osid, ({ fields }) => fields.includes(printed(ownerLabels.managedBy)));
    mend();
    expect(harness.drifts(osid)).toHaveLength(2);
  });

  it('while a repair is in flight is reported if a new bundle arrives before that repair ends', async () => {
    client.around = async (apply) => {
      await removeLabel(ownerLabels.managedBy);
      await left();
      const applied = await apply();
      await observed(applied);
      await harness.controller.applyBundle(bundleWith(2));
      return applied;
    };
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 3 } }, { fieldManager: 'other-operator' });
    await harness.waitForStatus(osid, (status) => status.generation === 2 && status.phase === 'ready');
    await harness.waitForDrift(osid, ({ fields }) => fields.includes(printed(ownerLabels.managedBy)));
    expect(harness.drifts(osid)).toHaveLength(2);
  });
});

describe('a change that is repaired', () => {
  const renamed = { op: 'replace', path: '/spec/template/spec/containers/0/name', value: 'renamed' } as const;
  /** As a controller of Kubernetes does. */
  const writeStatus = async (collisionCount: number): Promise<KubeObject> => {
    const { mapper, transport } = access.admin;
    const path = `${await mapper.path(statefulSet())}/status`;
    const contentType = 'application/merge-patch+json';
    return transport.send<KubeObject>({ method: 'PATCH', path, contentType, body: { status: { collisionCount } } });
  };

  it('is reported once, although a controller writes the status before and during the repair', async () => {
    client.around = async (apply) => {
      await observed(await writeStatus(7));
      const applied = await apply();
      await observed(await writeStatus(8));
      return applied;
    };
    await access.admin.jsonPatch(statefulSet(), [renamed], { fieldManager: 'by-hand' });
    await harness.waitForDrift(osid, ({ manager }) => manager === 'by-hand');
    await harness.applyUntilReady(bundleWith(2)); // after everything that was observed before
    const fields = harness.drifts(osid).flatMap((drift) => drift.fields);
    expect(fields.sort()).toEqual([
      'spec.template.spec.containers[name=renamed]',
      'spec.template.spec.containers[name=valkey]',
    ]);
  });
});

describe('an object that is deleted while a new bundle changes it', () => {
  it.each(['Background', 'Foreground'] as const)('is reported as recreated: %s', async (propagation) => {
    client.around = async (apply) => {
      await access.admin.delete(statefulSet(), { propagation });
      return apply();
    };
    await harness.controller.applyBundle(bundleWith(2));
    await onlyDrift(2, { action: 'recreated', manager: null, fields: [] });
  });

  it('is no drift if we delete it ourselves, to change an immutable field', async () => {
    const objects = objectsOf(osid);
    const claimed = objects.map((object) =>
      object.kind === 'StatefulSet'
        ? { ...object, spec: { ...mapAt(object, 'spec'), podManagementPolicy: 'Parallel' } }
        : object,
    );
    await harness.applyUntilReady(bundleOf(osid, 2, claimed));
    expect(harness.drifts(osid)).toEqual([]);
  });
});

describe('a change between two lists of a broken watch', () => {
  it('is reported although a new bundle overwrites it before the second list', async () => {
    let mend: () => void = () => undefined;
    client.cutWatch(new Promise((resolve) => (mend = resolve)));
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 3 } }, { fieldManager: 'other-operator' });
    await harness.controller.applyBundle(bundleWith(2));
    await harness.waitForDrift(osid, ({ manager }) => manager === 'other-operator');
    mend();
    await onlyDrift(2, { action: 'repaired', manager: 'other-operator', fields: ['spec.replicas'] });
    expect(mapAt(await access.admin.get(statefulSet()), 'spec')['replicas']).toBe(1);
  });

  it('is reported without a bundle too: a change, and a deletion', async () => {
    let mend: () => void = () => undefined;
    client.cutWatch(new Promise((resolve) => (mend = resolve)));
    await access.admin.mergePatch(statefulSet(), { spec: { replicas: 3 } }, { fieldManager: 'other-operator' });
    mend();
    await harness.waitForDrift(osid, ({ manager, action }) => manager === 'other-operator' && action === 'repaired');
    client.cutWatch(new Promise((resolve) => (mend = resolve)));
    await access.admin.delete(statefulSet());
    mend();
    await harness.waitForDrift(osid, ({ action }) => action === 'recreated');
  });
});
