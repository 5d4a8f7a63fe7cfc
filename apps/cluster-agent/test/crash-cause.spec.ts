import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import type { KubeObject } from '@runos/kube-objects';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, Harness, newOsid, objectsOf } from './harness.js';

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

/** A pod of the namespace that no node takes, so that only this test writes its status. */
const pod = (): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `${osid}-1`,
    namespace: osid,
    labels: { 'runos.com/osid': osid, 'app.kubernetes.io/managed-by': 'runos' },
  },
  spec: {
    schedulerName: 'none',
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

async function setStatus(status: object): Promise<void> {
  const path = `${await access.admin.mapper.path({ ...pod(), namespace: osid, name: `${osid}-1` })}/status`;
  const contentType = 'application/merge-patch+json';
  await access.admin.transport.send({ method: 'PATCH', path, body: { status }, contentType });
}

it('a status quotes what PostgreSQL said when it did not start', async () => {
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
  await access.admin.create(pod());
  const message = 'LOG:  starting\nFATAL:  "min_wal_size" must be at least twice "wal_segment_size"\n';
  const terminated = { exitCode: 1, message, reason: 'Error' };
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
  const container = { name: 'postgres', image: 'postgres', imageID: '', ready: false, restartCount: 3 };
  await setStatus({ containerStatuses: [{ ...container, state: { waiting }, lastState: { terminated } }] });
  const { objects } = await harness.waitForStatus(osid, (status) =>
    status.objects.some(({ reason }) => reason === 'CrashLoopBackOff'),
  );
  expect(objects.find(({ kind }) => kind === 'Pod')).toMatchObject({
    state: 'failed',
    message: expect.stringContaining('exit code 1: "min_wal_size" must be at least twice "wal_segment_size".'),
  });
});

it('a pod whose log no node serves is reported without it', async () => {
  await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
  await access.admin.create(pod());
  const terminated = { exitCode: 1, reason: 'Error' };
  const container = { name: 'postgres', image: 'postgres', imageID: '', ready: false, restartCount: 3 };
  const state = { waiting: { reason: 'CrashLoopBackOff' } };
  await setStatus({ containerStatuses: [{ ...container, state, lastState: { terminated } }] });
  const { objects } = await harness.waitForStatus(osid, (status) =>
    status.objects.some(({ reason }) => reason === 'CrashLoopBackOff'),
  );
  expect(objects.find(({ kind }) => kind === 'Pod')?.message).toMatch(/keeps ending with exit code 1\. /);
});
