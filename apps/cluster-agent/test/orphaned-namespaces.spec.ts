import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLY_BUNDLE, DELETE_BUNDLE } from '@runos/agent-protocol';
import { labelsOf } from '@runos/kube-objects';
import { type AgentAccess, useAccess } from './agent-access.js';
import { AgentHarness } from './agent-harness.js';
import { bundleOf, newOsid, objectsOf, refIn } from './harness.js';

let access: AgentAccess;
let harness: AgentHarness;

const namespace = (osid: string) => refIn(osid, 'v1', 'Namespace');
const createNamespace = (name: string, osid = name) =>
  access.admin.create({
    ...namespace(name),
    metadata: { name, labels: labelsOf({ aid: 'aaaaa', cid: 'demo', osid }) },
  });
const resyncSteps = () => harness.reportsOf('RESYNC').flatMap(({ body }) => ('step' in body ? [body.step] : []));
/** The OSIDs that the agent has named as orphans. */
const orphans = () =>
  harness.reportsOf('RESYNC').flatMap(({ body }) => ('osids' in body ? (body.osids as string[]) : []));

useAccess((started) => (access = started));
beforeEach(async () => {
  harness = await AgentHarness.start(access);
});
afterEach(() => harness.stop());

describe('a namespace with the labels of an instance and without a bundle', () => {
  it('is named to the plane at the connection, and deleted if the plane deletes the instance', async () => {
    const [restored, kept, named] = [newOsid(), newOsid(), newOsid()];
    await createNamespace(restored);
    await createNamespace(`backup-${named}`, named);
    harness.plane.onReport = ({ type }) => (type === 'AgentHello' ? { inSync: true, receivesOrphans: true } : {});
    const first = harness.startAgent();
    await harness.until(() => orphans().includes(restored), 'the report of the orphan');
    harness.instruct(APPLY_BUNDLE, bundleOf(kept, 1, objectsOf(kept)));
    harness.instruct(DELETE_BUNDLE, { osid: restored, generation: 2, revision: 2 });
    await harness.untilPhase(restored, 'gone');
    expect(await access.admin.find(namespace(restored))).toBeUndefined();
    await harness.untilPhase(kept, 'ready');
    await first.stop();
    const second = harness.startAgent({ token: undefined });
    await harness.until(() => second.isConnected, 'the second agent');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const each of [kept, named]) expect(orphans()).not.toContain(each);
    expect(orphans().filter((osid) => osid === restored)).toHaveLength(1);
    await access.admin.delete(namespace(`backup-${named}`));
  });

  it('is not named to an older plane, which refuses that step', async () => {
    const restored = newOsid();
    await createNamespace(restored);
    const agent = harness.startAgent();
    await harness.until(() => agent.isConnected, 'a connection');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(resyncSteps()).toEqual([]);
    await access.admin.delete(namespace(restored));
  });
});
