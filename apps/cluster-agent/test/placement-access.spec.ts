import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { type AgentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid, objectsOf, refIn } from './harness.js';
import { probeObjects } from './probe-objects.js';

/** What a stolen token of the agent could try to displace other pods, or to reach volumes and tokens of others. */
let access: AgentAccess;
const osid = newOsid();
const [rendered] = objectsOf(osid) as [KubeObject];

afterAll(() => access?.admin.delete(refIn(osid, 'v1', 'Namespace')));
useAccess((started) => (access = started));
beforeAll(() => access.agent.apply(withPodSecurity(rendered)));

// An attack that is accepted must not let the next one fail for another reason.
afterEach(async () => {
  for (const object of [statefulSet({}), cluster({})]) await access.admin.delete(refOf(object));
});

const metadata = { name: 'probe', namespace: osid };
const storage = { resources: { requests: { storage: '1Gi' } }, accessModes: ['ReadWriteOnce'] };

const { statefulSet, cluster } = probeObjects(osid);

const token = { serviceAccountToken: { path: 'token', audience: 'vault' } };
const certificate = { podCertificate: { signerName: 'eve.com/x', keyType: 'ED25519', credentialBundlePath: 'c.pem' } };
const volume = (source: object) => ({ volumes: [{ name: 'eve', ...source }] });
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'eve' };
/** The fields of a claim by which it gets another volume than an empty one of its class. */
const choices = {
  'a named volume': { volumeName: 'eve' },
  'volumes by their labels': { selector: { matchLabels: { tenant: 'bob' } } },
  'any volume without a class': { storageClassName: '' },
  'a data source': { dataSource: snapshot },
  'a data source of another namespace': { dataSourceRef: { ...snapshot, namespace: 'bob' } },
};
const claimOf = (choice: object) => ({ ...storage, ...choice });
const templateOf = (choice: object) => [{ metadata: { name: 'data' }, spec: claimOf(choice) }];
const ephemeralOf = (choice: object) => ({ ephemeral: { volumeClaimTemplate: { spec: claimOf(choice) } } });
const named = { size: '1Gi', pvcTemplate: { volumeName: 'eve' } };
const tolerations = [{ operator: 'Exists' }];

const classAnnotation = { 'volume.beta.kubernetes.io/storage-class': '' };
const classOfTemplate = { metadata: { name: 'data', annotations: classAnnotation }, spec: storage };
const classOfEphemeral = {
  ephemeral: { volumeClaimTemplate: { metadata: { annotations: classAnnotation }, spec: storage } },
};

const noPlacement = /no priority, no tolerations, no runtime class and no node/;
const noVolume = /claims of an instance must (choose no volume|not have an empty storage class)/;
const noToken = /no tokens of service accounts, no volumes of CSI drivers and no chosen volumes/;

describe('a stolen token of the cluster agent', () => {
  it.each<[string, KubeObject, RegExp]>([
    ['a priority class', statefulSet({ priorityClassName: 'system-node-critical' }), noPlacement],
    ['tolerations', statefulSet({ tolerations }), noPlacement],
    ['a node', statefulSet({ nodeName: 'node-1' }), noPlacement],
    ['a runtime class', statefulSet({ runtimeClassName: 'eve' }), noPlacement],
    // The API server drops the sources that it does not know, or whose feature is off.
    ['a projected certificate', statefulSet(volume({ projected: { sources: [certificate] } })), noToken],
    ['a class in an annotation', statefulSet({}, { volumeClaimTemplates: [classOfTemplate] }), noVolume],
    ['a class in an annotation of an ephemeral claim', statefulSet(volume(classOfEphemeral)), noToken],
    ['no class of PostgreSQL', cluster({ storage: { size: '1Gi', storageClass: '' } }), noVolume],
    ['no class of its log', cluster({ walStorage: { size: '1Gi', storageClass: '' } }), noVolume],
    ['a projected token', statefulSet(volume({ projected: { sources: [token] } })), noToken],
    [
      'an inline volume',
      statefulSet(volume({ csi: { driver: 'nfs.csi.k8s.io', volumeAttributes: { share: '/' } } })),
      noToken,
    ],
    ['a priority class of PostgreSQL', cluster({ priorityClassName: 'system-node-critical' }), noPlacement],
    ['tolerations of PostgreSQL', cluster({ affinity: { tolerations } }), noPlacement],
    ['a named volume of PostgreSQL', cluster({ storage: named }), noVolume],
    ['a named volume of its log', cluster({ walStorage: named }), noVolume],
    ['a named volume of a tablespace', cluster({ tablespaces: [{ name: 'a', storage: named }] }), noVolume],
    [
      'a security context of PostgreSQL',
      cluster({ seccompProfile: { type: 'Unconfined' } }),
      /no own security contexts/,
    ],
    ['a projected token of PostgreSQL', cluster({ projectedVolumeTemplate: { sources: [token] } }), noToken],
  ])('writes not %s', async (_, object, reason) => {
    expect(await refusal(access.agent.apply(object))).toMatch(reason);
  });

  it.each(Object.entries(choices))('chooses not %s', async (_, choice) => {
    const { agent } = access;
    expect(await refusal(agent.apply(statefulSet({}, { volumeClaimTemplates: templateOf(choice) })))).toMatch(noVolume);
    expect(await refusal(agent.apply(statefulSet(volume(ephemeralOf(choice)))))).toMatch(noToken);
    expect(await refusal(agent.apply(cluster({ storage: { size: '1Gi', pvcTemplate: choice } })))).toMatch(noVolume);
  });

  it('names no volume in a claim that waits for one', async () => {
    const { admin, agent } = access;
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata,
      spec: { ...storage, storageClassName: '', ...choices['volumes by their labels'], dataSource: snapshot },
    };
    await admin.create(claim);
    expect(await refusal(agent.mergePatch(refOf(claim), { spec: { volumeName: 'eve' } }))).toMatch(noVolume);
    await agent.mergePatch(refOf(claim), { metadata: { labels: { harmless: 'true' } } });
  });
});

describe('the cluster agent', () => {
  it('keeps what a person set, and writes the rest', async () => {
    const { admin, agent } = access;
    const object = statefulSet({});
    await agent.apply(object);
    const template = { spec: { tolerations, priorityClassName: 'system-node-critical' } };
    await admin.mergePatch(refOf(object), { spec: { template } });
    await agent.apply(statefulSet({ terminationGracePeriodSeconds: 5 }));
    const live = await admin.get(refOf(object));
    expect(live['spec']).toMatchObject({ template: { spec: { ...template.spec, terminationGracePeriodSeconds: 5 } } });
    await admin.delete(refOf(object));
  });
});
