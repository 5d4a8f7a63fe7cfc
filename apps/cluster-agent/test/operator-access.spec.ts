import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { type AgentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid, objectsOf, ofKind, refIn } from './harness.js';
import { probeObjects } from './probe-objects.js';

/** What a stolen token of the agent could let the operator of PostgreSQL do with its own, greater rights. */
let access: AgentAccess;
const osid = newOsid('postgresql');
const objects = objectsOf(osid);
const [rendered] = objects as [KubeObject];
const { cluster } = probeObjects(osid);

afterAll(() => access?.admin.delete(refIn(osid, 'v1', 'Namespace')));
useAccess((started) => (access = started));
beforeAll(() => access.agent.apply(withPodSecurity(rendered)));
afterEach(() => access.admin.delete(refOf(cluster({}))));

const annotated = (annotations: Record<string, string>, spec: object = {}): KubeObject => {
  const { metadata, ...object } = cluster(spec);
  return { ...object, metadata: { ...metadata, annotations } };
};
const patch = { 'cnpg.io/podPatch': '[{"op":"add","path":"/spec/priorityClassName","value":"system-node-critical"}]' };
const skipped = { 'cnpg.io/validation': 'disabled' };
const role = { annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' } };
const webhook = { labels: { 'azure.workload.identity/use': 'true' } };
const monitoring = { enablePodMonitor: true };
const size = (storage: string) => ({ storage: { size: storage } });
const snapshots = { storage: { kind: 'PersistentVolumeClaim', name: 'eve' } };

const noAnnotation = /no annotations for its operator/;
const noMetadata = /must give its objects no annotations/;

describe('a stolen token of the cluster agent', () => {
  it.each<[string, KubeObject, RegExp]>([
    ['a patch of its pods', annotated(patch), noAnnotation],
    ['an end of its validation', annotated(skipped), noAnnotation],
    ['another annotation of its operator', annotated({ 'alpha.cnpg.io/unseen': 'true' }), noAnnotation],
    ['annotations of its ServiceAccount', cluster({ inheritedMetadata: role }), noMetadata],
    ['labels of its pods', cluster({ inheritedMetadata: webhook }), noMetadata],
    ['an external cluster', cluster({ externalClusters: [{ name: 'eve' }] }), /external clusters/],
    ['a monitor', cluster({ monitoring }), /no monitors/],
    ['snapshots', cluster({ bootstrap: { recovery: { volumeSnapshots: snapshots } } }), /volume snapshots/],
  ])('writes no PostgreSQL cluster with %s', async (_, object, reason) => {
    expect(await refusal(access.agent.apply(object))).toMatch(reason);
    await access.agent.apply(cluster({}));
    expect(await refusal(access.agent.apply(object))).toMatch(reason);
  });
});

describe('the cluster agent', () => {
  it('ends the validation only to make the storage smaller', async () => {
    const { agent } = access;
    await agent.apply(cluster(size('2Gi')));
    for (const same of ['2Gi', '3Gi']) {
      expect(await refusal(agent.apply(annotated(skipped, size(same))))).toMatch(noAnnotation);
    }
    await agent.apply(annotated({ ...skipped, 'kubectl.kubernetes.io/restartedAt': 'now' }, size('1024Mi')));
    await agent.apply(cluster(size('1024Mi')));
  });

  it('keeps the annotations that a person set, and writes what is rendered', async () => {
    const { admin, agent } = access;
    await agent.apply(ofKind(objects, 'Cluster'), { dryRun: true });
    // As the webhook of the operator completes it.
    const defaults = { customQueriesConfigMap: [{ name: 'queries', key: 'queries' }], enablePodMonitor: false };
    await agent.apply(cluster({ monitoring: defaults }), { dryRun: true });
    await admin.create(annotated({ ...patch, ...skipped }, { inheritedMetadata: { ...role, ...webhook }, monitoring }));
    await agent.mergePatch(refOf(cluster({})), { spec: { instances: 2 } });
    const live = await admin.get(refOf(cluster({})));
    expect(live).toMatchObject({
      metadata: { annotations: { ...patch, ...skipped } },
      spec: { instances: 2, inheritedMetadata: { ...role, ...webhook }, monitoring },
    });
  });
});
