import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';
import { createLogger } from '@runos/observability';
import { waitUntil } from '@runos/testing-process';
import { NodeTags } from '../src/nodes/node-tags.js';
import { type AgentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid } from './harness.js';

const [byName, byMachine] = [newOsid(), newOsid()] as const;
const logger = createLogger({ service: 'spec', level: 'silent' });
let access: AgentAccess;
let tags: NodeTags;

const refOfNode = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name });
const node = (name: string, machineID = ''): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { zone: 'a', 'runos.com/tag.old': 'x' }, annotations: { team: 'db' } },
  spec: { unschedulable: true },
  status: { nodeInfo: { machineID } },
});
const labelsOf = async (name: string) => (await access.admin.get(refOfNode(name))).metadata.labels;

afterAll(async () => {
  await tags?.stop();
  for (const name of [byName, byMachine]) await access?.admin.delete(refOfNode(name));
});
useAccess((started) => (access = started));
beforeAll(async () => {
  tags = new NodeTags({ client: access.agent, logger, clock: systemClock });
  await access.admin.create(node(byName));
  await access.admin.create(node(byMachine, `machine-${byMachine}`));
});

describe('tags of nodes', () => {
  it('are labels of the node with the machine id or the name, and names the machines without a node', async () => {
    const reply = await tags.apply({
      nodes: [
        { machineId: byName, tags: ['gpu', 'disk:ssd'] },
        { machineId: `machine-${byMachine}`, tags: [] },
        { machineId: 'no-such-machine', tags: ['gpu'] },
      ],
    });
    expect(reply.nodes).toEqual([
      { machineId: byName, problem: null },
      { machineId: `machine-${byMachine}`, problem: null },
      { machineId: 'no-such-machine', problem: 'No Kubernetes node has the machine id or the name "no-such-machine".' },
    ]);
    expect(await labelsOf(byName)).toEqual({ zone: 'a', 'runos.com/tag.gpu': '', 'runos.com/tag.disk': 'ssd' });
    expect(await labelsOf(byMachine)).toEqual({ zone: 'a' });
  });

  it('are put back when others change them, and given to a node that joins again', async () => {
    const patch = { metadata: { labels: { 'runos.com/tag.gpu': null, 'runos.com/tag.eve': '1' } } };
    await access.admin.mergePatch(refOfNode(byName), patch);
    const repaired = { zone: 'a', 'runos.com/tag.gpu': '', 'runos.com/tag.disk': 'ssd' };
    const isRepaired = async () => JSON.stringify(await labelsOf(byName)) === JSON.stringify(sorted(repaired));
    await waitUntil(isRepaired, { because: () => 'the tags are not put back' });
    await access.admin.delete(refOfNode(byName));
    await access.admin.create(node(byName));
    await waitUntil(isRepaired, { because: () => 'a node that joins again has no tags' });
  });

  it.each<[string, object]>([
    ['another label', { metadata: { labels: { 'node-role.kubernetes.io/worker': '' } } }],
    ['the value of another label', { metadata: { labels: { zone: 'b' } } }],
    ['the removal of another label', { metadata: { labels: { zone: null } } }],
    ['an annotation', { metadata: { annotations: { eve: '1' } } }],
    ['a finalizer', { metadata: { finalizers: ['example.com/eve'] } }],
    ['a taint', { spec: { taints: [{ key: 'eve', effect: 'NoExecute' }] } }],
    ['schedulability', { spec: { unschedulable: null } }],
  ])('are all that a stolen token may write of a node: not %s', async (_, patch) => {
    expect(await refusal(access.agent.mergePatch(refOfNode(byName), patch))).toMatch(/the cluster agent may only/);
  });

  it('give a stolen token no right to create or delete nodes', async () => {
    expect(await refusal(access.agent.create(node('eve')))).toMatch(/cannot create resource "nodes"/);
    expect(await refusal(access.agent.delete(refOfNode(byName)))).toMatch(/cannot delete resource "nodes"/);
  });
});

const sorted = (labels: Record<string, string>) =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
