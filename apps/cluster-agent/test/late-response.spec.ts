import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { bearer, KubeClient } from '@runos/kube-client';
import { type KubeObject, mapAt, type ObjectRef, refKey, refOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, useAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, Harness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let client: SlowClient;
let osid: Bundle['osid'];
/** The response to the create of this kind is delayed until `meanwhile` is done and the agent has observed it. */
let delayed: { kind: string; meanwhile: () => Promise<unknown> };

const statefulSet = () => refIn(osid, 'apps/v1', 'StatefulSet');
const config = () => refIn(osid, 'v1', 'ConfigMap', `${osid}-config`);

async function observed(object: ObjectRef): Promise<void> {
  const newest = Number((await access.admin.get(object)).metadata.resourceVersion);
  const known = () => harness.controller.instances.get(osid)?.objects.get(refKey(object))?.resourceVersion;
  const caughtUp = () => Promise.resolve(Number(known() ?? 0) >= newest);
  await waitUntil(caughtUp, { everyMs: 10, because: () => `the agent has observed ${known()}` });
}

class SlowClient extends KubeClient {
  #isFirst = true;

  override async create(...[object, options]: Parameters<KubeClient['create']>): Promise<KubeObject> {
    const answer = await super.create(object, options);
    if (object.kind !== delayed.kind || !this.#isFirst) return answer;
    this.#isFirst = false;
    await delayed.meanwhile();
    await observed(refOf(object));
    return answer;
  }
}

useAccess((started) => (access = started));

beforeEach(async () => {
  osid = newOsid();
  client = new SlowClient({ ...access.cluster, ...bearer(access.token) });
  harness = await new Harness(access, { client }).start();
});

afterEach(async () => {
  await harness.stop();
  await client.close();
});

describe('a response to a create that is older than a watch event', () => {
  it('does not overwrite the observed state', async () => {
    const ready = async () => mapAt(await access.admin.get(statefulSet()), 'status')['readyReplicas'] === 1;
    const because = () => 'the StatefulSet is not ready';
    delayed = {
      kind: 'StatefulSet',
      meanwhile: () => waitUntil(ready, { everyMs: 20, because }),
    };
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
  });

  it('does not hide a foreign change', async () => {
    const foreign = { fieldManager: 'other-operator' };
    delayed = {
      kind: 'ConfigMap',
      meanwhile: () => access.admin.mergePatch(config(), { data: { 'valkey.conf': 'maxclients 1' } }, foreign),
    };
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    const drift = await harness.waitForDrift(osid, ({ manager }) => manager === 'other-operator');
    expect(drift.action).toBe('repaired');
    expect(mapAt(await access.admin.get(config()), 'data')['valkey.conf']).not.toBe('maxclients 1');
  });
});
