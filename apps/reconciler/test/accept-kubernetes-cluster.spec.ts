import { describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { addonSteps, apply, capabilities, detected } from './addon-steps.js';

const steps = addonSteps();
const rebuilt = { capabilities, clusterUid: 'uid-2' };

const show = () => steps.harness.request(reconciler.showCluster, { cid: steps.harness.cid });
const accept = (kubernetesUid = 'uid-2', more: object = {}) =>
  steps.harness.request(reconciler.acceptKubernetesCluster, { cid: steps.harness.cid, kubernetesUid, ...more });

/** Instances that are healthy, and an add-on that is ready, in the first Kubernetes cluster. */
async function filled() {
  const { jobs } = steps.harness;
  await steps.installed();
  const made = [await steps.create('valkey'), await steps.create('valkey')];
  for (const one of made) await jobs.ended(one.jobId);
  return made;
}

/** The agent of the rebuilt Kubernetes cluster, which stores nothing. */
async function rebuild(): Promise<void> {
  const { agent } = steps.harness;
  await agent.idle();
  agent.stored.clear();
  agent.addonInstructions.length = 0;
  await agent.connect(rebuilt);
  await agent.resyncAll();
  expect(await show()).toMatchObject({ status: 'disconnected', reason: 'ForeignAgent' });
  expect(agent.stored.size).toBe(0);
}

const options = { because: () => 'it was not delivered again' };

describe('the acceptance of a rebuilt Kubernetes cluster', () => {
  it('binds the cluster to it: its agent gets every instance and add-on, and the earlier one is foreign', async () => {
    const { agent, jobs, audit } = steps.harness;
    const made = await filled();
    const before = await show();
    await rebuild();
    const opened = await steps.create('valkey');
    await jobs.when(opened.jobId, ({ job }) => job.reason === 'AgentAbsent');
    expect(await accept()).toMatchObject({ status: 'connected', reason: null, generation: before.generation + 1 });
    await waitUntil(async () => made.every(({ osid }) => agent.stored.has(osid)), options);
    await waitUntil(async () => agent.addonInstructions.includes(apply), options);
    await jobs.ended(opened.jobId);
    expect(audit.entries).toEqual(['ada@example.com cluster.accept abc']);
    await agent.connect({ capabilities });
    expect(await show()).toMatchObject({ status: 'disconnected', reason: 'ForeignAgent' });
  });

  it('counts the add-ons that its agent reported before', async () => {
    const { agent } = steps.harness;
    await agent.connect(rebuilt);
    await agent.reportAddons([detected({ ours: false })]);
    expect(await steps.show()).toMatchObject({ state: 'unknown' });
    await accept();
    expect(await steps.show()).toMatchObject({ state: 'present', owner: 'user' });
  });

  it('of an agent whose stream is closed takes effect when it connects', async () => {
    const { agent } = steps.harness;
    const [one] = await filled();
    await rebuild();
    await agent.disconnect();
    expect(await accept()).toMatchObject({ status: 'disconnected', reason: 'AgentDisconnected' });
    await agent.connect(rebuilt);
    await waitUntil(async () => agent.stored.has(one?.osid ?? ''), options);
    expect(await show()).toMatchObject({ status: 'connected' });
  });

  it('ends divergences from the earlier Kubernetes cluster', async () => {
    const { agent } = steps.harness;
    const [one] = await filled();
    const osid = one?.osid ?? '';
    agent.stored.set(osid, { ...agent.bundleOf(osid), revision: 7, digest: 'ef'.repeat(32) });
    await agent.resyncAll();
    await rebuild();
    await accept();
    await waitUntil(async () => agent.stored.has(osid), options);
  });

  it('is refused for an agent that is not foreign, or runs elsewhere, without an entry in the audit log', async () => {
    const { agent, audit } = steps.harness;
    const mismatch = { code: 'cluster.agent_mismatch' };
    await expect(accept('uid-1')).rejects.toMatchObject(mismatch);
    await agent.connect(rebuilt);
    await expect(accept('uid-3')).rejects.toMatchObject({
      ...mismatch,
      message:
        'No agent of Kubernetes cluster "uid-3" waits for its acceptance in cluster "abc". The agent that connected last runs in "uid-2".',
    });
    await expect(accept('uid-2', { ifGeneration: 7 })).rejects.toMatchObject({ code: 'conflict.stale' });
    await expect(
      steps.harness.request(
        reconciler.acceptKubernetesCluster,
        { cid: 'abc', kubernetesUid: 'uid-2' },
        { tenant: 'bbbbb' },
      ),
    ).rejects.toMatchObject({ code: 'cluster.not_found' });
    expect(audit.entries).toEqual([]);
    expect(await show()).toMatchObject({ reason: 'ForeignAgent' });
  });

  it('is repeated with the first response for the same key', async () => {
    const { agent, audit } = steps.harness;
    await agent.connect(rebuilt);
    const idempotency = { key: 'k1', requestHash: 'h1' };
    const first = await accept('uid-2', { idempotency });
    expect(await accept('uid-2', { idempotency })).toEqual(first);
    expect(audit.entries).toHaveLength(1);
    await expect(accept()).rejects.toMatchObject({ code: 'cluster.agent_mismatch' });
  });
});
