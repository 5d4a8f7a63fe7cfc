import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { LogEntry, LogQuery } from '@runos/agent-protocol';
import { systemClock } from '@runos/kernel';
import type { KubeObject } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { LogOpenings, podLogsOf } from '../src/logs/pod-logs.js';
import { readLogs } from '../src/logs/read-logs.js';
import type { AgentAccess } from './agent-access.js';
import { newOsid, objectsOf, refIn, useHarness } from './harness.js';
import { entriesOf, lineAt } from './fake-logs.js';
import { LogNode } from './log-node.js';

let access: AgentAccess;
useHarness((started) => ({ access } = started));
let osid: ReturnType<typeof newOsid>;
let node: LogNode | undefined;
let lines: string[];
let stopping: AbortController;

/** The namespace of an instance that has no Secret: nothing has bound the role for Secrets in it. */
beforeEach(async () => {
  osid = newOsid();
  node = undefined;
  lines = [];
  stopping = new AbortController();
  await access.agent.apply(withPodSecurity(objectsOf(osid)[0] as KubeObject));
});
afterEach(async () => {
  stopping.abort();
  await access.admin.delete(refIn(osid, 'v1', 'Namespace'));
  await node?.stop();
});

/** A pod that no kubelet runs, so that only this test writes its status. */
async function startPod(name: string, nodeName: string): Promise<void> {
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: osid, labels: { 'runos.com/osid': osid, 'app.kubernetes.io/managed-by': 'runos' } },
    spec: {
      nodeName,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'main', image: 'valkey', securityContext }],
    },
  };
  await access.admin.create(pod);
  const started = { name: 'main', image: 'valkey', imageID: '', ready: true, restartCount: 0 };
  const running = { running: { startedAt: '2030-01-01T00:00:00Z' } };
  const status = { containerStatuses: [{ ...started, containerID: 'containerd://a', state: running }] };
  const path = `${await access.admin.mapper.path({ apiVersion: 'v1', kind: 'Pod', namespace: osid, name })}/status`;
  await access.admin.transport.send({
    method: 'PATCH',
    path,
    body: { status },
    contentType: 'application/merge-patch+json',
  });
}

const read = (changes: Partial<LogQuery> = {}): AsyncGenerator<LogEntry> =>
  entriesOf(
    readLogs({
      logs: podLogsOf(access.agent, osid, new LogOpenings()),
      query: { osid, tail: 10, previous: false, follow: false, ...changes },
      clock: systemClock,
      signal: stopping.signal,
      isRemoved: () => false,
      onTruncated: () => undefined,
    }),
  );

async function all(entries: AsyncGenerator<LogEntry>): Promise<LogEntry[]> {
  const found: LogEntry[] = [];
  for await (const entry of entries) found.push(entry);
  return found;
}

it('the agent reads the log of a pod, and obtains the right on it by itself', async () => {
  node = await LogNode.start(access.admin, `log-${osid}`, () => lines);
  lines = [lineAt(1, 'earlier'), lineAt(2, 'Ready to accept connections'), lineAt(3, 'x'.repeat(20_000))];
  await startPod('valkey-0', node.name);
  const entries = await all(read({ tail: 2 }));
  expect(entries).toEqual([
    {
      timestamp: '2030-01-01T00:00:02.000000000Z',
      podName: 'valkey-0',
      containerName: 'main',
      message: 'Ready to accept connections',
    },
    expect.objectContaining({ message: expect.stringMatching(/^x{16000,} … \(\d+ more bytes\)$/) }),
  ]);
  expect(node.requests.at(-1)).toBe(`/containerLogs/${osid}/valkey-0/main`);
});

it('a log that its node does not serve is quoted in the words of the API server', async () => {
  node = await LogNode.start(access.admin, `log-${osid}`, () => lines);
  await node.crash();
  await startPod('valkey-0', node.name);
  const [entry, ...others] = await all(read());
  expect([entry?.podName, entry?.containerName, others]).toEqual(['valkey-0', '<diagnostic>', []]);
  expect(entry?.message).toMatch(
    /^The log of container main of pod valkey-0 cannot be read: Get "https:\/\/127\.0\.0\.1:.*": dial tcp .*: connect: connection refused$/,
  );
});

it('the agent follows a log until its reader goes', async () => {
  node = await LogNode.start(access.admin, `log-${osid}`, () => lines);
  lines = [lineAt(1, 'Ready to accept connections')];
  await startPod('valkey-0', node.name);
  const { followed } = node;
  const entries = read({ follow: true });
  expect((await entries.next()).value).toMatchObject({ message: 'Ready to accept connections' });
  const next = entries.next();
  const deadline = { because: () => `${followed.size} logs are followed` };
  await waitUntil(() => followed.size === 1, deadline);
  node.log(lineAt(4, 'Background saving started'));
  expect((await next).value).toMatchObject({ message: 'Background saving started' });
  stopping.abort();
  expect(await entries.next()).toEqual({ done: true, value: undefined });
  await waitUntil(() => followed.size === 0, deadline);
});
