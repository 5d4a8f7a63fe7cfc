import { describe, expect, it } from '@jest/globals';
import { bundlesCapability, nodeTagsCapability } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { type Harness, useHarness } from './harness.js';

const image = 'ghcr.io/acme/shop:1.4';
const capabilities = [bundlesCapability, nodeTagsCapability];

describe('tags of nodes', () => {
  let harness: Harness;
  let nids: string[];
  useHarness(
    async (started) => {
      harness = started;
      await harness.agent.connect({ capabilities });
      for (const machine of ['m1', 'm2']) await harness.agent.registerNode(machine);
      const { nodes } = await harness.request(reconciler.listNodes, { cid: harness.cid });
      nids = nodes.map(({ nid }) => nid);
    },
    { connected: false },
  );

  const nidOf = (index: number): string => nids[index] ?? '';
  const show = (index = 0) => harness.request(reconciler.showNode, { cid: harness.cid, nid: nidOf(index) });
  const set = (tags: string[], index = 0) =>
    harness.request(reconciler.updateNode, { cid: harness.cid, nid: nidOf(index), tags });
  const received = () => harness.agent.tagInstructions.at(-1);
  const problem = async (expected: string | null | RegExp, index = 0) => {
    let last: string | null = '';
    await waitUntil(
      async () => {
        last = (await show(index)).tagsProblem;
        return expected instanceof RegExp ? expected.test(String(last)) : last === expected;
      },
      { because: () => `the problem is ${last} instead of ${String(expected)}` },
    );
  };
  const createApp = (nodeAffinityTags: string[]) =>
    harness.request(reconciler.createInstance, {
      cid: harness.cid,
      type: 'app',
      fields: { image, nodeAffinityTags },
    });

  it('are delivered to the cluster agent, and shown with what is missing until they are on the node', async () => {
    expect(await show()).toMatchObject({ tags: [], tagsProblem: null });
    expect(await set(['gpu', 'disk:ssd'])).toMatchObject({ tags: ['gpu', 'disk:ssd'], warnings: [] });
    await problem(null);
    expect(received()).toEqual([{ machineId: 'm1', tags: ['gpu', 'disk:ssd'] }]);
    harness.agent.onTags = ({ nodes }) => ({
      nodes: nodes.map(({ machineId }) => ({ machineId, problem: machineId === 'm2' ? 'No Kubernetes node.' : null })),
    });
    await set(['zone:b'], 1);
    await problem('No Kubernetes node.', 1);
    await problem(null);
    harness.agent.onTags = ({ nodes }) => ({ nodes: nodes.map(({ machineId }) => ({ machineId, problem: null })) });
  });

  it('reach an agent that was away when it returns, and are not sent to an older one', async () => {
    await harness.agent.disconnect();
    await set(['zone:c'], 1);
    expect((await show(1)).tagsProblem).toBe('The cluster agent has not set these tags yet.');
    await harness.agent.connect({ capabilities: [bundlesCapability] });
    await problem(/too old to set tags/, 1);
    const count = harness.agent.tagInstructions.length;
    await harness.agent.disconnect();
    await harness.agent.connect({ capabilities });
    await problem(null, 1);
    expect(harness.agent.tagInstructions.slice(count).at(-1)).toEqual([
      { machineId: 'm1', tags: ['gpu', 'disk:ssd'] },
      { machineId: 'm2', tags: ['zone:c'] },
    ]);
  });

  it('are attempted again after a failure, and show it', async () => {
    harness.agent.replies = 'refusing';
    await set(['zone:d'], 1);
    await problem(/disk full/, 1);
    harness.agent.replies = 'accepting';
    await problem(null, 1);
    expect(received()).toContainEqual({ machineId: 'm2', tags: ['zone:d'] });
  });

  it('are those that an app may name; it is warned where no node has all of them', async () => {
    await set(['gpu', 'disk:ssd']);
    await set(['zone:b'], 1);
    const unknown = createApp(['gpu', 'tpu', 'zone:a']);
    await expect(unknown).rejects.toMatchObject({
      code: 'request.invalid',
      details: {
        issues: [
          { path: 'nodeAffinityTags[1]', message: 'no node of cluster "abc" has the tag tpu' },
          { path: 'nodeAffinityTags[2]', message: 'no node of cluster "abc" has the tag zone:a' },
        ],
      },
    });
    expect(await createApp(['gpu', 'disk'])).not.toHaveProperty('warnings');
    const apart = await createApp(['gpu', 'zone:b']);
    expect(apart.warnings).toEqual([
      'No node of cluster "abc" has all of the tags gpu, zone:b. New pods wait until one has.',
    ]);
    await harness.jobs.ended(apart.jobId);
    const lost = await set(['gpu']);
    expect(lost.warnings).toEqual([expect.stringMatching(/^No node has the tags of app-\w{5} any more\./)]);
    // A tag that it named before is no reason to refuse another change.
    const update = await harness.request(reconciler.updateInstance, {
      cid: harness.cid,
      type: 'app',
      id: apart.id,
      fields: { image: 'ghcr.io/acme/shop:1.5' },
    });
    expect(update).toMatchObject({ warnings: [expect.stringContaining('gpu, zone:b')] });
  });

  it('are not found for another account, and not changed in a cluster that is being deleted', async () => {
    const other = harness.request(
      reconciler.updateNode,
      { cid: harness.cid, nid: nidOf(0), tags: ['eve'] },
      { tenant: 'bbbbb' },
    );
    await expect(other).rejects.toMatchObject({ code: 'cluster.not_found' });
    const unknown = harness.request(reconciler.updateNode, { cid: harness.cid, nid: 'zzzzz', tags: [] });
    await expect(unknown).rejects.toMatchObject({ code: 'node.not_found' });
    await harness.sql('UPDATE cluster SET deletion_requested_at = now() WHERE cid = $1', [harness.cid]);
    await expect(set(['gpu'])).rejects.toMatchObject({ code: 'conflict.deleting' });
  });
});
