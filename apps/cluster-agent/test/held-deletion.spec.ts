import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { bearer, KubeClient, KubeError } from '@runos/kube-client';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, useAccess } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf, refIn } from './harness.js';

/** A client whose deletions an admission policy refuses. */
class KeepingClient extends KubeClient {
  keeps = false;

  override delete(...args: Parameters<KubeClient['delete']>): ReturnType<KubeClient['delete']> {
    if (this.keeps) throw new KubeError('kept by a test', { status: 403, reason: 'Forbidden' });
    return super.delete(...args);
  }
}

let access: AgentAccess;
let harness: Harness;
let client: KeepingClient;
let osid: Bundle['osid'];

const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);
const uidOf = async () => (await access.admin.get(statefulSet())).metadata.uid;
const remove = (revision: number) => harness.controller.deleteBundle({ osid, generation: revision, revision });
const hold = (revision: number) => harness.controller.holdDeletion({ osid, revision });
const applyAgain = (revision: number) => harness.applyUntilReady(bundleOf(osid, revision, objectsOf(osid)));

useAccess((started) => (access = started));

beforeEach(async () => {
  osid = newOsid();
  client = new KeepingClient({ ...access.cluster, ...bearer(access.token) });
  harness = await new Harness(access, { client }).start();
  await applyAgain(1);
});

afterEach(async () => {
  await harness.stop();
  await client.close();
});

/** The deletion is sent, and every request of it is refused. */
async function removeInVain(): Promise<void> {
  client.keeps = true;
  await remove(2);
  await harness.waitForStatus(osid, ({ objects }) => objects.some(({ reason }) => reason === 'DeletionRefused'));
}

describe('a deletion that has deleted nothing', () => {
  it('is held and reverted by a higher revision, with the same objects', async () => {
    const uid = await uidOf();
    await removeInVain();
    expect(await hold(2)).toEqual({ held: true });
    client.keeps = false;
    await applyAgain(3);
    expect(await uidOf()).toBe(uid);
    expect(harness.drifts(osid)).toEqual([]);
  });

  it('is found by another process of the agent', async () => {
    const uid = await uidOf();
    await removeInVain();
    await harness.restart();
    expect(await hold(2)).toEqual({ held: true });
    client.keeps = false;
    await applyAgain(3);
    expect(await uidOf()).toBe(uid);
  });

  it.each(['before', 'after'] as const)(
    'stays held in the next process, if it arrived %s the request',
    async (order) => {
      const uid = await uidOf();
      if (order === 'before') await removeInVain();
      expect(await hold(2)).toEqual({ held: true });
      client.keeps = false;
      await harness.restart();
      if (order === 'after') await remove(2);
      await sleep(1_500); // the first deletion would be requested at once
      expect((await access.admin.get(statefulSet())).metadata.deletionTimestamp).toBeUndefined();
      await applyAgain(3);
      expect(await uidOf()).toBe(uid);
    },
  );

  it('waits when it arrives after the request to hold it', async () => {
    expect(await hold(2)).toEqual({ held: true });
    expect(await remove(2)).toEqual({ accepted: true });
    await applyAgain(3);
    expect((await access.admin.get(statefulSet())).metadata.deletionTimestamp).toBeUndefined();
  });

  it('reports and repairs what others have changed meanwhile', async () => {
    await removeInVain();
    await access.admin.mergePatch(config(), { data: { 'valkey.conf': 'x' } }, { fieldManager: 'other' });
    await hold(2);
    client.keeps = false;
    await applyAgain(3);
    expect(await harness.waitForDrift(osid, ({ manager }) => manager === 'other')).toMatchObject({
      action: 'repaired',
    });
  });
});

describe('a deletion that has deleted something', () => {
  it('is not held, and accepts no bundle', async () => {
    await access.admin.mergePatch(statefulSet(), { metadata: { finalizers: ['example.com/keep'] } });
    await remove(2);
    const isDeleted = async () => (await access.admin.get(statefulSet())).metadata.deletionTimestamp !== undefined;
    await waitUntil(isDeleted, { because: () => 'the deletion has not begun' });
    const begun = {
      held: false,
      reason: expect.stringMatching(new RegExp(`^StatefulSet ${osid}/${osid} is .*deleted`)),
    };
    expect(await hold(2)).toEqual(begun);
    const later = bundleOf(osid, 3, objectsOf(osid));
    expect(await harness.controller.applyBundle(later)).toMatchObject({ accepted: false });
    await harness.restart();
    expect(await hold(2)).toEqual(begun);
    await access.admin.mergePatch(statefulSet(), { metadata: { finalizers: null } });
    await harness.waitForStatus(osid, ({ phase }) => phase === 'gone');
    expect(await hold(2)).toMatchObject({ held: false });
  });
});

it('no revision but that of the deletion is held', async () => {
  expect(await hold(1)).toMatchObject({ held: false, reason: `The agent stores revision 1 of ${osid}.` });
});
