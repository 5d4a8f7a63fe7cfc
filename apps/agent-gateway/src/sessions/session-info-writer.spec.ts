import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { NodeAgentHeartbeatToServer } from '@runos/agent-protocol';
import { createLogger } from '@runos/observability';
import { waitUntil } from '@runos/testing-process';
import { RegisteredAgents } from '../../test/registered-agents.js';
import type { TestAgent } from '../../test/test-agent.js';
import type { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { type AgentInfo, type AgentKey, AgentRepository } from '../agents/agent-repository.js';
import { ClusterShare } from '../agents/cluster-share.js';
import type { AgentPeer } from '../certificates/certificate-authenticator.js';
import { ConnectedAgent } from '../streams/connected-agent.js';
import type { ServerStream } from '../streams/server-stream.js';
import { SessionInfoWriter } from './session-info-writer.js';

const agents = RegisteredAgents.use();
afterEach(() => void jest.restoreAllMocks());

const heartbeat = { externalIpAddress: '', isCp: false, isWorker: true, version: '1.6.0' };
const report = (agent: TestAgent, status: string) =>
  agent.request(NodeAgentHeartbeatToServer, { ...heartbeat, status });

const connection = () => agents.harness.services.connectionOf('ky3', agents.node.nid);
const reported = (status: string) =>
  agents.harness.services.until(() => connection()?.kubernetesStatus === status && connection()?.connected === true);

async function stored(): Promise<string | null | undefined> {
  const { rows } = await agents.harness.sql.query<{ status: string | null }>(
    'SELECT kubernetes_status AS status FROM agent WHERE nid = $1',
    [agents.node.nid],
  );
  return rows[0]?.status;
}

/** The writes of infos, which the spec delays and fails. */
function writes() {
  const repository = agents.replica.service.app.get(AgentRepository);
  return { original: repository.setInfo.bind(repository), spy: jest.spyOn(repository, 'setInfo') };
}

describe('the info of an agent', () => {
  it('is written one change at a time, so a slow write never overwrites a later one', async () => {
    const agent = agents.dial(agents.node, 'node');
    await report(agent, 'not_installed');
    await reported('not_installed');
    const { original, spy } = writes();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const slow = new Promise<void>((resolve) => {
      spy.mockImplementationOnce(async (...input) => {
        await released;
        const changed = await original(...input);
        resolve();
        return changed;
      });
    });
    await report(agent, 'cordoned');
    for (const status of ['not_ready', 'ready']) await report(agent, status);
    await sleep(300); // whatever does not wait for the first write is written
    release();
    await slow;
    await reported('ready');
    await sleep(300);
    expect(await stored()).toBe('ready');
    expect(spy.mock.calls.map(([, , info]) => info.kubernetesStatus)).toEqual(['cordoned', 'ready']);
  });

  it('is written again after a failure, without a further heartbeat', async () => {
    const agent = agents.dial(agents.node, 'node');
    await report(agent, 'ready');
    await reported('ready');
    writes().spy.mockRejectedValueOnce(new Error('connection lost'));
    await report(agent, 'cordoned');
    await reported('cordoned');
    expect(await stored()).toBe('cordoned');
  });

  it('is not overwritten by a statement that runs after its connection was lost', async () => {
    const agent = agents.dial(agents.node, 'node');
    const { original, spy } = writes();
    let late: Parameters<typeof original> | undefined;
    spy.mockImplementationOnce(async (...input) => {
      late = input;
      throw new Error('connection lost');
    });
    await report(agent, 'not_ready');
    await report(agent, 'ready');
    await reported('ready');
    expect(late && (await original(...late))).toEqual([]);
    expect(await stored()).toBe('ready');
  });

  it('is not written any more when its session has ended', async () => {
    const agent = agents.dial(agents.node, 'node');
    await report(agent, 'ready');
    await reported('ready');
    const { spy } = writes();
    spy.mockRejectedValue(new Error('the database is away'));
    await report(agent, 'cordoned');
    await waitUntil(() => spy.mock.calls.length > 0, { because: () => 'nothing was attempted' });
    agent.stop();
    await agents.harness.services.until(() => connection()?.connected === false);
    await sleep(700); // an attempt may have begun before the end of the session
    const attempts = spy.mock.calls.length;
    await sleep(2_500);
    expect(spy.mock.calls.length).toBe(attempts);
  });

  it('is written once per second after many changes in a short time, the newest one last', async () => {
    const agent = agents.dial(agents.node, 'node');
    await report(agent, 'ready');
    await reported('ready');
    const { spy } = writes();
    const started = performance.now();
    for (let n = 0; n < 60; n += 1) {
      await report(agent, n % 2 === 0 ? 'not_ready' : 'ready');
      await sleep(10);
    }
    await report(agent, 'cordoned');
    await reported('cordoned');
    expect(await stored()).toBe('cordoned');
    const seconds = Math.ceil((performance.now() - started) / 1_000);
    const burst = 9; // it is available again after 36 s, which the test does not last
    expect(spy.mock.calls.length).toBeLessThanOrEqual(burst + seconds + 1);
    expect(spy.mock.calls.at(-1)?.[2].kubernetesStatus).toBe('cordoned');
  });
});

/** A writer whose statements wait until `go`, and what each has written. */
function gatedWriter(isGated: (key: AgentKey) => boolean = () => true) {
  const written: { cid: string; version: string | null }[] = [];
  let go = (): void => undefined;
  const gone = new Promise<void>((resolve) => (go = resolve));
  const setInfo: AgentRepository['setInfo'] = async (key, _, { version }) => {
    written.push({ cid: key.cid, version });
    if (isGated(key)) await gone;
    return [];
  };
  const writer = new SessionInfoWriter(
    { setInfo } as unknown as AgentRepository,
    { report: () => undefined } as unknown as AgentConnectionReporter,
    new ClusterShare({ databasePoolSize: 10 }),
    createLogger({ service: 'spec', level: 'silent' }),
  );
  return { writer, written, go };
}

const agentOf = (cid: string, sessionNo: number) => {
  const peer = { identity: { aid: 'abcde', cid, nid: `n${sessionNo}` } } as unknown as AgentPeer;
  const stream = { isClosed: false, closed: new Promise(() => undefined) } as unknown as ServerStream;
  return new ConnectedAgent(peer, sessionNo, stream, {} as AgentInfo);
};

it('infos of a cluster whose writes wait leave room for those of others', async () => {
  const { writer, written, go } = gatedWriter(({ cid }) => cid === 'ky3');
  for (let n = 0; n < 20; n += 1) writer.change(agentOf('ky3', n), { version: '1' });
  writer.change(agentOf('ky4', 20), { version: '1' });
  await settle();
  const before = written.map(({ cid }) => cid);
  go();
  await writer.stop();
  expect(before).toContain('ky4');
  expect(before.length).toBeLessThan(5);
});

it('a session has one statement at a time, and the next one writes its newest info', async () => {
  const { writer, written, go } = gatedWriter();
  const agent = agentOf('ky3', 1);
  for (const version of ['1', '2', '3']) {
    writer.change(agent, { version });
    await settle();
  }
  const before = written.map(({ version }) => version);
  go();
  await settle();
  await writer.stop();
  expect([before, written.map(({ version }) => version)]).toEqual([['1'], ['1', '3']]);
});

/** Nothing here waits for a timer or a socket, so all that can run has run. */
async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await setImmediate();
}
