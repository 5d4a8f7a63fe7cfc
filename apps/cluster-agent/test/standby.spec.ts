import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { agentReadiness } from '../src/readiness/agent-readiness.js';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { AgentHarness } from './agent-harness.js';
import { HoldingProxy } from './holding-proxy.js';

let access: AgentAccess;
let harness: AgentHarness;

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);
afterAll(() => access?.stop());

beforeEach(async () => {
  harness = await AgentHarness.start(access);
});
afterEach(() => harness.stop());

const ready = { ok: true, missing: [] };

it('a standby is ready and names the holder of the lease; it acts when the active agent ends', async () => {
  const first = harness.startAgent();
  await harness.until(() => first.isConnected && first.unlistedKinds.length === 0, 'the first agent');
  const second = harness.startAgent({ token: undefined });
  await harness.until(() => second.awaitedHolder, 'the standby');
  const [active, standby] = [agentReadiness(first), agentReadiness(second)];
  expect(await active.report()).toEqual(ready);
  expect(await standby.report()).toEqual({ ...ready, info: { lease: 'standby: agent-0 holds the lease' } });
  await first.stop();
  await harness.until(() => second.isConnected && second.unlistedKinds.length === 0, 'the second agent');
  expect(await standby.report()).toEqual(ready);
});

it('an agent that cannot read the lease is no standby, and not ready', async () => {
  const first = harness.startAgent();
  await harness.until(() => first.isActive, 'the first agent');
  const proxy = await HoldingProxy.start(access.cluster);
  try {
    const second = harness.startAgent({ token: undefined }, proxy.server);
    await harness.until(() => second.awaitedHolder, 'the standby');
    proxy.stop();
    await harness.until(() => second.awaitedHolder === undefined, 'the failed request');
    const { missing, why } = await agentReadiness(second).report();
    expect([missing, why?.['lease']]).toEqual([['lease'], expect.stringContaining('waiting for the lease')]);
  } finally {
    proxy.stop();
  }
});
