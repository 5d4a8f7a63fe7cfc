import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '@runos/kube-objects';
import { podSecurityLabel } from '../src/apply/pod-security.js';
import { addonLabels, manifestOf, useAddonAccess, version } from './addon-harness.js';
import { type AgentAccess, refusal } from './agent-access.js';
import { ofKind } from './harness.js';

/** What a stolen token of the agent could try in the namespace of an add-on, in a cluster without addons.yaml. */
let access: AgentAccess;
let objects: KubeObject[];
const name = 'cnpg-system';

useAddonAccess((started) => (access = started), { addons: false });
beforeAll(async () => {
  objects = await manifestOf(version);
});

const labelled = (object: KubeObject, changes: object = {}): KubeObject => ({
  ...object,
  ...changes,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...addonLabels } },
});
const namespace = (labels: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { ...addonLabels, ...labels } },
});

describe('a stolen token of an agent that may install no add-ons', () => {
  it.each(['privileged', 'baseline'])('creates no namespace of an add-on with the level %s', async (level) => {
    const attempt = access.agent.create(namespace({ [podSecurityLabel]: level }));
    expect(await refusal(attempt)).toContain('may not change the Pod Security Standard');
  });

  it('changes no level that an administrator chose for it', async () => {
    const { admin, agent } = access;
    await agent.create(namespace());
    const ref = { apiVersion: 'v1', kind: 'Namespace', name };
    const withLabels = (labels: object) => ({ metadata: { labels } });
    for (const label of [podSecurityLabel, `${podSecurityLabel}-version`]) {
      await admin.mergePatch(ref, withLabels({ [label]: label === podSecurityLabel ? 'restricted' : 'latest' }));
      await agent.mergePatch(ref, withLabels({ 'runos.com/harmless': 'true' }));
      for (const value of [null, label === podSecurityLabel ? 'privileged' : 'v1.0']) {
        const attempt = agent.mergePatch(ref, withLabels({ [label]: value }));
        expect(await refusal(attempt)).toContain('may not change the Pod Security Standard');
      }
    }
  });

  it.each([
    ['external IPs', { externalIPs: ['10.0.0.1'] }],
    ['a load balancer', { type: 'LoadBalancer' }],
    ['a node port', { type: 'NodePort' }],
    ['an external name', { type: 'ExternalName', externalName: 'eve.example.com' }],
    ['another port', { ports: [{ port: 443, targetPort: 22 }] }],
    ['other pods', { selector: { app: 'eve' } }],
    ['pods that are not ready', { publishNotReadyAddresses: true }],
  ])('writes no service of an add-on with %s', async (_, changes) => {
    const service = ofKind(objects, 'Service');
    const eve = labelled(service, { spec: { ...(service['spec'] as object), ...changes } });
    expect(await refusal(access.agent.apply(eve))).toMatch(/may only write the spec of the pinned version/);
  });

  it.each([
    ['another value', { data: { queries: 'eve' } }],
    ['another key', { data: { 'ca.crt': 'eve' } }],
    ['binary data', { binaryData: { 'ca.crt': 'ZXZl' } }],
    ['no data', { data: undefined }],
  ])('writes no ConfigMap of an add-on with %s', async (_, changes) => {
    const configMap = labelled(ofKind(objects, 'ConfigMap'), changes);
    expect(await refusal(access.agent.apply(configMap))).toMatch(/may only write the data of the pinned version/);
  });

  it('writes both as they are published, which is harmless', async () => {
    for (const kind of ['Service', 'ConfigMap']) {
      await access.agent.apply(labelled(ofKind(objects, kind)));
      await access.agent.apply(labelled(ofKind(objects, kind)));
    }
  });
});
