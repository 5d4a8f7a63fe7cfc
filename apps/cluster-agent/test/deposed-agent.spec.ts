import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPLY_BUNDLE, type Bundle, DELETE_BUNDLE } from '@runos/agent-protocol';
import { type KubeObject, mapAt, textOf } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import type { ClusterAgent } from '../src/cluster-agent.js';
import { type AgentAccess, useAccess } from './agent-access.js';
import { AgentHarness } from './agent-harness.js';
import { bundleOf, newOsid, objectsOf, refIn } from './harness.js';
import { HoldingProxy } from './holding-proxy.js';

let access: AgentAccess;
let proxy: HoldingProxy;
let harness: AgentHarness;
let first: ClusterAgent;
let osid: Bundle['osid'];

const stored = (): Promise<KubeObject | undefined> =>
  access.admin.find(refIn(access.namespace, 'v1', 'Secret', `bundle-${osid}`));
const revisionOf = (secret: KubeObject | undefined): unknown => {
  const record = Buffer.from(textOf(mapAt(secret, 'data')['record']) ?? '', 'base64').toString('utf8');
  return (JSON.parse(record || '{}') as { revision?: unknown }).revision;
};
const bundle = (revision: number) => bundleOf(osid, revision, objectsOf(osid, { cpuLimitMc: 500 + revision }));

/** The first agent is paused in a write of the bundle and cannot renew its lease. The second agent takes over. */
async function pauseInWrite(method: 'POST' | 'PUT'): Promise<void> {
  const isWrite = (call: string) => call.startsWith(`${method} `) && call.includes(`/secrets`);
  proxy.hold((call) => isWrite(call) || call.includes('/leases'));
  harness.instruct(APPLY_BUNDLE, bundle(2));
  await harness.until(() => proxy.held.some(isWrite), 'the write');
  const second = harness.startAgent({ token: undefined });
  await harness.until(() => second.isConnected, 'the second agent');
}

/** The first agent continues, and everything that it has sent arrives. */
async function continueFirst(): Promise<void> {
  proxy.release();
  await harness.until(() => !first.isActive, 'the end of the first agent');
  // The answers to its last writes arrive, and it reacts to them.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
}

useAccess((started) => (access = started));

beforeEach(async () => {
  osid = newOsid();
  proxy = await HoldingProxy.start(access.cluster);
  harness = await AgentHarness.start(access, 3_000);
  first = harness.startAgent({}, proxy.server);
  await harness.until(() => first.isConnected, 'the first agent');
});

afterEach(async () => {
  proxy.release();
  await harness.stop();
  proxy.stop();
});

describe('an agent that loses its lease while it is paused in a write', () => {
  it('does not overwrite a newer revision of the next agent', async () => {
    harness.instruct(APPLY_BUNDLE, bundle(1));
    await harness.untilPhase(osid, 'ready', 1);
    await pauseInWrite('PUT');
    harness.instruct(APPLY_BUNDLE, bundle(3));
    await harness.untilPhase(osid, 'ready', 3);
    await continueFirst();
    expect(revisionOf(await stored())).toBe(3);
  });

  it('does not bring back an instance that the next agent has removed', async () => {
    harness.instruct(APPLY_BUNDLE, bundle(1));
    await harness.untilPhase(osid, 'ready', 1);
    await pauseInWrite('PUT');
    harness.instruct(DELETE_BUNDLE, { osid, generation: 3, revision: 3 });
    await harness.untilPhase(osid, 'gone');
    await waitUntil(async () => (await stored()) === undefined, { because: () => 'it is stored' });
    await continueFirst();
    expect(await stored()).toBeUndefined();
    expect(await access.admin.find(refIn(osid, 'v1', 'Namespace'))).toBeUndefined();
  });

  it('does not bring back an instance by its first write', async () => {
    await pauseInWrite('POST');
    const [, second] = harness.agents;
    harness.instruct(DELETE_BUNDLE, { osid, generation: 3, revision: 3 });
    await harness.untilPhase(osid, 'gone');
    await waitUntil(async () => (await stored()) === undefined, { because: () => 'it is stored' });
    await continueFirst();
    expect(await stored()).toBeDefined(); // no precondition can stop a create: the next load deletes it
    await second?.stop();
    const hellos = harness.reportsOf('AgentHello').length;
    harness.startAgent({ token: undefined });
    await harness.until(() => harness.reportsOf('AgentHello').length > hellos, 'the third agent');
    expect(await stored()).toBeUndefined();
  });
});
