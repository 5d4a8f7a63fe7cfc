import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { type AppFields, renderApp } from '@runos/service-types';
import { enforcePolicy } from '@runos/testing-kube';
import type { Status } from '../src/status/plane-client.js';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, refIn, type Harness, useHarness } from './harness.js';
import { LogNode } from './log-node.js';

let access: AgentAccess;
let harness: Harness;
let osid: Bundle['osid'];
let undo: (() => Promise<unknown>)[];

useHarness((started) => ({ access, harness } = started));

const image = 'registry.example.com/shop:1';
const token = 'tea-pot-1-tea-pot';
const recreate = { deploymentStrategy: 'recreate' } as const;

function objectsWith(fields: Partial<AppFields>, podSpec: object = {}, TOKEN = token): KubeObject[] {
  const app = { image, servicePortMappings: [{ port: 8080, standardHttps: true, domains: [] }], ...fields };
  const rendered = renderApp(1, {
    osid,
    aid: 'aaaaa',
    cid: 'demo',
    clusterDomain: 'demo.aaaaa.example.com',
    replicas: 1,
    cpuRequestMc: 0,
    cpuLimitMc: 500,
    memoryRequestMb: 0,
    memoryLimitMb: 512,
    secrets: { digestKey: 'k'.repeat(32) },
    requires: {},
    app,
    env: {},
    secretEnv: { TOKEN },
    secretFiles: [],
  });
  return rendered.map((object) => (object.kind === 'Deployment' ? withPodSpec(object, podSpec) : object));
}

function withPodSpec(object: KubeObject, spec: object): KubeObject {
  const template = mapAt(object, 'spec', 'template');
  const changed = { ...template, spec: { ...mapAt(template, 'spec'), ...spec } };
  return { ...object, spec: { ...mapAt(object, 'spec'), template: changed } };
}

/** A pod that no controller has made. */
const podNamed = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: osid, labels: { 'runos.com/osid': osid, 'app.kubernetes.io/managed-by': 'runos' } },
  spec: {
    ...spec,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'app',
        image,
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
});

const change = (fields: Partial<AppFields>, podSpec?: object) =>
  harness.controller.applyBundle(bundleOf(osid, 2, objectsWith(fields, podSpec)));
const isSecond = ({ generation }: Status) => generation === 2;
/** The first status of the second revision whose worst object has this reason, with its replicas. */
async function failureWith(reason: string) {
  const { objects, replicas, phase } = await harness.waitForStatus(
    osid,
    (status) => isSecond(status) && status.objects[0]?.reason === reason && status.replicas?.outdated === 1,
  );
  return { ...objects[0], replicas, phase };
}
const oldServes = { replicas: { desired: 1, ready: 1, outdated: 1 } };

beforeEach(async () => {
  undo = [];
  osid = newOsid('app');
  await harness.applyUntilReady(bundleOf(osid, 1, objectsWith({})));
});
afterEach(() => Promise.all(undo.map((each) => each())));

describe('the status of a rollout whose pods cannot start', () => {
  it('names the registry and its words, and the pods that serve', async () => {
    const missing = 'registry.example.com/shop:does-not-exist';
    await change({ image: missing });
    expect(await failureWith('ImagePullBackOff')).toMatchObject({
      ...oldServes,
      phase: 'degraded',
      kind: 'Pod',
      message: expect.stringContaining(`cannot pull ${missing} from registry registry.example.com: not found.`),
    });
  });

  it('counts no pod that serves where the old ones end first', async () => {
    await change({ image: 'registry.example.com/shop:does-not-exist', ...recreate });
    const { objects, replicas } = await harness.waitForStatus(
      osid,
      (status) => isSecond(status) && status.phase === 'failed',
    );
    expect([objects[0]?.reason, replicas]).toEqual(['ImagePullBackOff', { desired: 1, ready: 0 }]);
  });

  it('quotes what the scheduler lacks on how many nodes', async () => {
    await change({ nodeAffinityTags: ['nowhere'] });
    expect(await failureWith('Unschedulable')).toMatchObject({
      ...oldServes,
      message: expect.stringMatching(/0\/\d+ nodes are available: \d+ node\(s\) didn't match Pod's node affinity/),
    });
  });

  it('names a volume that is not bound', async () => {
    await change({}, { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'nothing' } }] });
    expect(await failureWith('VolumeUnbound')).toMatchObject({
      ...oldServes,
      message: expect.stringContaining('persistentvolumeclaim "nothing" not found'),
    });
  });

  it('quotes the quota', async () => {
    const metadata = { name: 'one-pod', namespace: osid };
    await access.admin.create({ apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '1' } } });
    await change({ image: 'registry.example.com/shop:2' });
    expect(await failureWith('QuotaExceeded')).toMatchObject({
      ...oldServes,
      kind: 'Deployment',
      message: expect.stringContaining('exceeded quota: one-pod'),
    });
  });
});

describe('the status of a rollout that the cluster refuses', () => {
  it('quotes the policy about the Deployment, and all pods are old', async () => {
    await change({}, { serviceAccountName: 'operator' });
    expect(await failureWith('Forbidden')).toMatchObject({
      ...oldServes,
      kind: 'Deployment',
      message: expect.stringContaining('default service account'),
    });
  });

  it('quotes the policy about its pods', async () => {
    const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
    const spec = {
      matchConstraints: { resourceRules: [rule] },
      validations: [{ expression: `request.namespace != '${osid}'`, message: 'no more pods by a test' }],
    };
    const policy = { name: `no-pods-${osid}`, kind: 'ValidatingAdmissionPolicy', spec } as const;
    const isEnforced = () =>
      access.admin.apply(podNamed('probe'), { dryRun: true }).then(
        () => false,
        (thrown: unknown) => String(thrown).includes('by a test'),
      );
    undo.push(await enforcePolicy(access.admin, policy, isEnforced));
    await change({ image: 'registry.example.com/shop:2' });
    expect(await failureWith('FailedCreate')).toMatchObject({
      ...oldServes,
      message: expect.stringContaining('no more pods by a test'),
    });
  });
});

it('the status of a refused Secret quotes the policy without the value', async () => {
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['secrets'] };
  const messageExpression = `'a weak token by a test: ' + object.data.TOKEN`;
  const spec = {
    matchConstraints: { resourceRules: [rule] },
    validations: [{ expression: `request.namespace != '${osid}'`, messageExpression }],
  };
  const changed = 'another-token-of-16';
  const objects = objectsWith({}, {}, changed);
  const secret = objects.find(({ kind }) => kind === 'Secret') as KubeObject;
  const isEnforced = () =>
    access.admin.apply(secret, { dryRun: true, force: true }).then(
      () => false,
      (thrown: unknown) => String(thrown).includes('by a test'),
    );
  const policy = { name: `no-token-${osid}`, kind: 'ValidatingAdmissionPolicy', spec } as const;
  undo.push(await enforcePolicy(access.admin, policy, isEnforced));
  await harness.controller.applyBundle(bundleOf(osid, 2, objects));
  const refused = ({ kind, message }: Status['objects'][number]) => kind === 'Secret' && message !== undefined;
  const { objects: reported } = await harness.waitForStatus(osid, (status) => status.objects.some(refused));
  expect(reported.find(refused)?.message).toContain('a weak token by a test: [redacted]');
  expect(JSON.stringify(harness.statuses)).not.toContain(Buffer.from(changed).toString('base64'));
});

describe('the status of a rollout whose container ends', () => {
  let node: LogNode;
  let name: string;
  const logged = [
    ...Array.from({ length: 30 }, (_, index) => `line ${index}`),
    `GET /?token=${token}`,
    'no such table',
  ];
  beforeEach(async () => {
    name = `${osid}-x`;
    node = await LogNode.start(access.admin, `log-${osid}`, () => logged);
    undo.push(() => node.stop());
    await access.admin.create(podNamed(name, { nodeName: node.name }));
  });
  const pod = () => refIn(osid, 'v1', 'Pod', name);
  const setStatus = async (terminated: object, more: object = {}) => {
    const path = `${await access.admin.mapper.path(pod())}/status`;
    const lastState = { terminated: { reason: 'Error', containerID: 'containerd://a', ...terminated } };
    const state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } };
    const app = { name: 'app', image, imageID: '', ready: false, restartCount: 3, state, lastState, ...more };
    const body = { status: { phase: 'Running', containerStatuses: [app] } };
    await access.admin.transport.send({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
  };
  const statusOf = async (matches: (object: Status['objects'][number]) => unknown) => {
    const { objects } = await harness.waitForStatus(osid, (status) =>
      status.objects.some((object) => object.name === name && matches(object)),
    );
    return objects.find((object) => object.name === name && matches(object));
  };

  it('has its exit code and the last 20 lines of its log, without secret values', async () => {
    await setStatus({ exitCode: 139 });
    expect(await statusOf(({ log }) => log !== undefined)).toMatchObject({
      state: 'failed',
      reason: 'CrashLoopBackOff',
      message: expect.stringContaining('keeps ending with exit code 139 (signal 11).'),
      log: [...logged.slice(12, 30), 'GET /?token=[redacted]', 'no such table'],
    });
    expect(JSON.stringify(harness.statuses)).not.toContain(token);
  });

  it('names the liveness probe that ends it', async () => {
    const { metadata } = await access.admin.get(pod());
    const at = new Date(Date.now() - 5_000).toISOString().replace(/\.\d+/, '');
    await access.admin.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.probe`, namespace: osid },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name, namespace: osid, uid: metadata.uid },
      reason: 'Unhealthy',
      type: 'Warning',
      message: 'Liveness probe failed: HTTP probe failed with statuscode: 500',
      firstTimestamp: at,
      lastTimestamp: at,
    } as unknown as KubeObject);
    const [startedAt, finishedAt] = [-60_000, 0].map((ms) => new Date(Date.parse(at) + ms).toISOString());
    await setStatus({ exitCode: 137, startedAt, finishedAt });
    const probed = await statusOf(({ reason }) => reason === 'LivenessProbeFailed');
    expect(probed?.message).toContain(
      'is restarted again and again: Liveness probe failed: HTTP probe failed with statuscode: 500.',
    );
  });
});
