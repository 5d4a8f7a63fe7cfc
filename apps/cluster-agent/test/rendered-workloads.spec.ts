import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonPatchStep } from '@runos/kube-client';
import { type KubeObject, mapAt, type ObjectRef, refOf } from '@runos/kube-objects';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { addonLabels, install, useAddonAccess } from './addon-harness.js';
import { type AgentAccess, refusal } from './agent-access.js';
import { newOsid, objectsOf, ofKind } from './harness.js';

/** Service types render Deployments, so the agent may write them where instances are, and nowhere else. */
let access: AgentAccess;
let operator: ObjectRef;
const osid = newOsid();
/** Where two policies refuse a write, the API server quotes one of them. */
const notInstance = /may only write in namespaces that carry the labels of an instance|may only run the pods/;

const namespaceOf = (name: string): KubeObject => {
  const [rendered] = objectsOf(osid) as [KubeObject];
  const { metadata, ...object } = withPodSecurity(rendered);
  return { ...object, metadata: { name, labels: { ...metadata.labels, 'runos.com/osid': name } } };
};

const deployment = (namespace: string, podSpec: object = {}, metadata: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'probe', namespace, ...metadata },
  spec: {
    selector: { matchLabels: { app: 'probe' } },
    template: {
      metadata: { labels: { app: 'probe' } },
      spec: { containers: [{ name: 'probe', image: 'docker.io/probe' }], ...podSpec },
    },
  },
});

useAddonAccess((started) => (access = started), { allWorkloads: true });

beforeAll(async () => {
  await access.agent.apply(namespaceOf(osid));
  operator = refOf(ofKind(await install(access), 'Deployment'));
});

describe('a Deployment of an instance', () => {
  it('is created, changed and deleted, whatever image it has', async () => {
    await access.agent.apply(deployment(osid));
    await access.agent.apply(deployment(osid, { terminationGracePeriodSeconds: 5 }));
    await access.agent.delete(refOf(deployment(osid)));
  });

  it.each(['serviceAccountName', 'serviceAccount'])('names no other account as %s', async (field) => {
    const other = deployment(osid, { [field]: 'operator' });
    expect(await refusal(access.agent.apply(other))).toMatch(/default service account/);
  });

  it('may not carry the label of an add-on', async () => {
    const labelled = deployment(osid, {}, { labels: addonLabels });
    expect(await refusal(access.agent.apply(labelled))).toMatch(/may only run the pods of the pinned version/);
  });
});

describe('a workload of another kind', () => {
  const pod = { containers: [{ name: 'probe', image: 'probe' }], restartPolicy: 'Never' };
  const template = (more: object) => ({ spec: { ...pod, ...more } });
  const kinds: [string, string, (more: object) => object][] = [
    ['apps/v1', 'DaemonSet', (more) => mapAt(deployment(osid, more), 'spec')],
    ['batch/v1', 'Job', (more) => ({ template: template(more) })],
    ['batch/v1', 'CronJob', (more) => ({ schedule: '0 0 * * *', jobTemplate: { spec: { template: template(more) } } })],
  ];

  it.each(kinds)('%s %s uses the default service account', async (apiVersion, kind, specOf) => {
    const object = { apiVersion, kind, metadata: { name: 'probe', namespace: osid } };
    await access.agent.apply({ ...object, spec: specOf({}) }, { dryRun: true });
    const other = { ...object, spec: specOf({ serviceAccountName: 'operator' }) };
    expect(await refusal(access.agent.apply(other))).toMatch(/default service account/);
  });
});

describe('in the namespace of an add-on, the agent', () => {
  const path = '/metadata/labels/runos.com~1addon';
  const withoutLabel: JsonPatchStep = { op: 'remove', path };
  const labelAgain: JsonPatchStep = { op: 'add', path, value: addonLabels['runos.com/addon'] };
  const image: JsonPatchStep = {
    op: 'replace',
    path: '/spec/template/spec/containers/0/image',
    value: 'docker.io/eve',
  };

  it.each([
    ['without labels', {}],
    ['with the labels of the add-on', { labels: addonLabels }],
    ['with the labels of an instance', { labels: namespaceOf(osid).metadata.labels }],
  ])('writes no other Deployment %s', async (_, more) => {
    const other = deployment(operator.namespace ?? '', {}, more);
    expect(await refusal(access.agent.apply(other))).toMatch(notInstance);
  });

  it('changes nothing of the operator while it takes the label away', async () => {
    expect(await refusal(access.agent.jsonPatch(operator, [withoutLabel]))).toMatch(notInstance);
    expect(await refusal(access.agent.jsonPatch(operator, [withoutLabel, image]))).toMatch(notInstance);
  });

  it('neither changes, labels nor deletes an operator without the label', async () => {
    const { admin, agent } = access;
    await admin.jsonPatch(operator, [withoutLabel]);
    for (const step of [image, labelAgain]) {
      expect(await refusal(agent.jsonPatch(operator, [step]))).toMatch(notInstance);
    }
    expect(await refusal(agent.delete(operator))).toMatch(notInstance);
    await admin.jsonPatch(operator, [labelAgain]);
    expect(await refusal(agent.jsonPatch(operator, [image]))).toMatch(/may only run the pods of the pinned version/);
  });

  it('does not make it a namespace of an instance', async () => {
    const { namespace: name = '' } = operator;
    const labels = { ...namespaceOf(name).metadata.labels, 'runos.com/addon': null };
    const patch = access.agent.mergePatch({ apiVersion: 'v1', kind: 'Namespace', name }, { metadata: { labels } });
    expect(await refusal(patch)).toMatch(notInstance);
  });
});
