import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import type { KubeObject } from '@runos/kube-objects';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf } from './harness.js';
import { LogNode } from './log-node.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);
afterAll(() => access?.stop());
beforeEach(async () => {
  osid = newOsid('postgresql');
  harness = await new Harness(access).start();
});
afterEach(() => harness.stop());

/** No name of a pod of the operator. */
const podName = () => `${osid}-x`;
/** A pod of the namespace that no kubelet runs, so that only this test writes its status. */
const pod = (spec: object = { schedulerName: 'none' }): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: podName(),
    namespace: osid,
    labels: { 'runos.com/osid': osid, 'app.kubernetes.io/managed-by': 'runos' },
  },
  spec: {
    ...spec,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'postgres',
        image: 'postgres',
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
});

const container = { name: 'postgres', image: 'postgres', imageID: '', ready: false, restartCount: 3 };
const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
const endedWith = (terminated: object) => ({
  containerStatuses: [{ ...container, state: { waiting }, lastState: { terminated } }],
});

async function setStatus(status: object): Promise<void> {
  const path = `${await access.admin.mapper.path({ ...pod(), namespace: osid, name: podName() })}/status`;
  const contentType = 'application/merge-patch+json';
  await access.admin.transport.send({ method: 'PATCH', path, body: { status }, contentType });
}

it('a status quotes what PostgreSQL logged when it did not start', async () => {
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
  await access.admin.create(pod());
  const message = 'LOG:  starting\nFATAL:  "min_wal_size" must be at least twice "wal_segment_size"\n';
  await setStatus(endedWith({ exitCode: 1, message, reason: 'Error' }));
  const { objects } = await harness.waitForStatus(osid, (status) =>
    status.objects.some(({ reason }) => reason === 'CrashLoopBackOff'),
  );
  expect(objects.find(({ name }) => name === podName())).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('exit code 1: "min_wal_size" must be at least twice "wal_segment_size".'),
  });
});

it('a pod whose log no node serves is reported without it', async () => {
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
  await access.admin.create(pod());
  await setStatus(endedWith({ exitCode: 1, reason: 'Error' }));
  const { objects } = await harness.waitForStatus(osid, (status) =>
    status.objects.some(({ reason }) => reason === 'CrashLoopBackOff'),
  );
  expect(objects.find(({ name }) => name === podName())?.message).toMatch(/keeps ending with exit code 1\. /);
});

it('a status quotes the last log of a pod of CloudNativePG, whose lines are longer than 64 KiB in all', async () => {
  const about = { level: 'info', ts: '2026-11-29T19:46:20.609095991Z', logging_pod: podName() };
  const stacktrace = 'github.com/cloudnative-pg/machinery/pkg/log.(*logger).Error\n'.repeat(40);
  const error = { ...about, level: 'error', msg: 'failed to read', error: 'connection refused', stacktrace };
  const record = (more: object) => ({ ...about, logger: 'postgres', msg: 'record', record: more });
  const message = 'could not write to file "pg_wal/xlogtemp.31": No space left on device';
  const early = 'the database system is starting up';
  const lines = [
    ...Array.from({ length: 90 }, () => error),
    record({ error_severity: 'PANIC', sql_state_code: '53100', message, backend_type: 'startup', query_id: '0' }),
    record({ error_severity: 'FATAL', sql_state_code: '57P03', message: early, backend_type: 'client backend' }),
    { ...error, msg: 'PostgreSQL process exited with errors', error: 'exit status 1' },
  ];
  const node = await LogNode.start(access.admin, `log-${osid}`, () => lines.map((line) => JSON.stringify(line)));
  try {
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await access.admin.create(pod({ nodeName: node.name }));
    await setStatus(endedWith({ exitCode: 1, reason: 'Error', containerID: 'containerd://a' }));
    const { objects } = await harness.waitForStatus(osid, (status) =>
      status.objects.some(({ name, message: words }) => name === podName() && words?.includes('exit code 1: ')),
    );
    expect(objects.find(({ name }) => name === podName())?.message).toContain(`exit code 1: ${message}. `);
    expect(node.requests).toEqual([`/containerLogs/${osid}/${podName()}/postgres`]);
  } finally {
    await node.stop();
  }
});
