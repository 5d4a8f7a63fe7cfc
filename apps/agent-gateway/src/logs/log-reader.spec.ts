import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AgentHello, CLOSE_LOGS, type Envelope, OPEN_LOGS, READ_LOGS, replyEnvelope } from '@runos/agent-protocol';
import { agentGateway, type LogEntry } from '@runos/contracts';
import { faultOf, hourMs } from '@runos/kernel';
import { randomUUID } from 'node:crypto';
import { type Harness, useHarness } from '../../test/harness.js';
import { registerAt, TestAgent } from '../../test/test-agent.js';
import { RateLimiter } from '../grpc/rate-limiter.js';

let harness: Harness;
useHarness((started) => (harness = started));
afterEach(async () => {
  await harness.stopReplicas();
  harness.services.connections.length = 0;
});

const entry: LogEntry = {
  timestamp: '2030-01-01T00:00:01.000000000Z',
  podName: 'valkey-00ky3-0',
  containerName: 'valkey',
  message: 'Ready to accept connections',
};
const chunk = { entries: [entry], ended: false, truncated: false };
const query = { osid: 'valkey-00ky3', tail: 10, previous: false, follow: true };

const repliesOf =
  (opened: Parameters<typeof replyEnvelope<typeof OPEN_LOGS>>[1] = { opened: true }, read: object = chunk) =>
  ({ type, tag }: Envelope): Envelope | undefined => {
    if (type === OPEN_LOGS.type) return replyEnvelope(OPEN_LOGS, opened, tag);
    if (type === READ_LOGS.type) return replyEnvelope(READ_LOGS, read as typeof chunk, tag);
    return type === CLOSE_LOGS.type ? replyEnvelope(CLOSE_LOGS, {}, tag) : undefined;
  };

/** A connected cluster agent at one of two replicas: each request may reach the other one. */
async function connected(onInstruction = repliesOf()) {
  const [replica] = [await harness.replica(), await harness.replica()];
  const { token } = await harness.token('cluster-agent');
  const registration = { token, kind: 'cluster-agent', machineId: 'uid-1' } as const;
  const credentials = await registerAt(replica.registerPort, replica.registerCa, registration);
  const agent = new TestAgent(replica.streamPort, credentials, 'cluster-agent');
  agent.onInstruction = onInstruction;
  await agent.request(AgentHello, { version: '1.0.0', capabilities: ['bundles/1', 'logs/1'], clusterUid: 'uid-1' });
  const connection = () => harness.services.connectionOf('ky3', null);
  await harness.services.until(() => connection()?.connected === true);
  const log = { cid: 'ky3', sessionNo: connection()?.sessionNo ?? 0, id: randomUUID() };
  return { agent, log };
}

const tenant = { tenant: 'abcde' };
const faultOfRequest = (request: Promise<unknown>) =>
  request.then(
    () => undefined,
    (error: unknown) => faultOf(error)?.toBody(),
  );

describe('the log of a cluster agent', () => {
  it('is opened, read and closed through any replica', async () => {
    const { agent, log } = await connected();
    const requests = agent.received;
    for (let time = 0; time < 10; time += 1) {
      expect(await harness.bus.request(agentGateway.openLogs, { ...log, query }, tenant)).toEqual({});
      expect(await harness.bus.request(agentGateway.readLogs, log, tenant)).toEqual(chunk);
      expect(await harness.bus.request(agentGateway.closeLogs, log, tenant)).toEqual({});
    }
    expect(requests.filter(({ type }) => type === READ_LOGS.type)).toHaveLength(10);
  });

  it('is refused with the limit of the agent', async () => {
    const { log } = await connected(repliesOf({ opened: false, limit: 32 }));
    const request = harness.bus.request(agentGateway.openLogs, { ...log, query }, tenant);
    expect(await faultOfRequest(request)).toEqual({
      code: 'limit.exceeded',
      message: 'The agent of cluster ky3 reads 32 logs at once; close some first.',
      details: { limit: 'logsPerAgent', value: 32, retryAfterSeconds: 10 },
    });
  });

  it('is unavailable in another session, to another account, and when the agent has gone', async () => {
    const { agent, log } = await connected();
    const read = (changes: object, account = tenant) =>
      faultOfRequest(harness.bus.request(agentGateway.readLogs, { ...log, ...changes }, account));
    const absent = {
      code: 'unavailable',
      message: 'The agent of cluster ky3 is disconnected, so its logs cannot be read now.',
    };
    expect(await read({ sessionNo: log.sessionNo - 1 })).toMatchObject(absent);
    expect(await read({}, { tenant: 'other' })).toMatchObject(absent);
    expect(await read({})).toBeUndefined();
    agent.stop();
    await agent.ended;
    expect(await read({})).toMatchObject({ code: 'unavailable' });
  });

  it('is refused when the agent sends more or other than it may', async () => {
    const tooLong = { ...chunk, entries: [{ ...entry, message: 'x'.repeat(17_000) }] };
    const { log } = await connected(repliesOf(undefined, tooLong));
    expect(await faultOfRequest(harness.bus.request(agentGateway.readLogs, log, tenant))).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(
        'The agent of cluster ky3 refused to read logs: the reply to READ_LOGS is not valid',
      ),
    });
    // No line of a log is written to the log of the service.
    expect(JSON.stringify(harness.logLines)).not.toContain('xxxxxxxx');
  });

  it('is read faster than an agent may report, and reports are answered meanwhile', async () => {
    const message = 'x'.repeat(16_000);
    const full = { ...chunk, entries: Array.from({ length: 8 }, () => ({ ...entry, message })) };
    const { agent, log } = await connected(repliesOf(undefined, full));
    // A sender of more than a small report may go on in an hour only.
    const wait = jest.spyOn(RateLimiter.prototype, 'retryAfterMs');
    wait.mockImplementation(async (_, calls = 1) => (calls > 10_000 ? hourMs : 0));
    const readAll = async () => {
      for (let time = 0; time < 80; time += 1) await harness.bus.request(agentGateway.readLogs, log, tenant);
    };
    let isRead = false;
    const reading = Promise.all([readAll(), readAll(), readAll(), readAll()]).finally(() => (isRead = true));
    for (let time = 0; time < 5; time += 1) await agent.heartbeat();
    expect(isRead).toBe(false);
    await reading;
    await agent.heartbeat();
    wait.mockRestore();
  });
});
