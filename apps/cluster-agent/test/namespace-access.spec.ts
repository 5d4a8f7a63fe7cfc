import { afterAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { serviceTypes } from '@runos/service-types';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { secretBinding } from '../src/secrets/secret-binding.js';
import { type AgentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid, objectsOf, refIn } from './harness.js';

/** What a stolen token of the agent could try with the name and the metadata of a namespace. */
let access: AgentAccess;
const osids = [newOsid(), newOsid(), newOsid()] as const;
const [rendered] = objectsOf(osids[0]) as [KubeObject];

const namespaceOf = (name: string, labels: object = {}, annotations?: Record<string, string>): KubeObject => {
  const { metadata, ...object } = withPodSecurity(rendered);
  const own = { ...metadata.labels, 'runos.com/osid': name, ...labels };
  return { ...object, metadata: { name, labels: own, ...(annotations && { annotations }) } };
};

afterAll(() => Promise.all(osids.map((osid) => access?.admin.delete(refIn(osid, 'v1', 'Namespace')))));
useAccess((started) => (access = started));

describe('a stolen token of the cluster agent', () => {
  // Pods would resolve `github.com` to a service of the namespace `com`.
  it.each([
    'com',
    'cert-manager',
    'kube-infra',
    'ingress-nginx',
    'a-bcdef-ghijk',
    'xn--p1ai',
    'x'.repeat(41) + '-abcde',
  ])('creates no namespace %s', async (name) => {
    expect(await refusal(access.agent.create(namespaceOf(name)))).toContain('with the name of an instance');
  });

  it('creates those of every type, also of one that it does not know', async () => {
    const types = [...serviceTypes.map(({ type }) => type), 'unseen-type'];
    for (const type of types) await access.agent.create(namespaceOf(newOsid(type)), { dryRun: true });
  });

  it.each([
    ['labels', { 'istio-injection': 'enabled' }],
    ['labels', { 'rbac.example.com/trusted': 'true' }],
    ['labels', { 'app.kubernetes.io/name': 'ingress-nginx' }],
    ['annotations', { 'scheduler.alpha.kubernetes.io/node-selector': 'node-role.kubernetes.io/control-plane=' }],
  ])('writes no foreign %s %j on a namespace, and keeps those of a person', async (field, values) => {
    const { admin, agent } = access;
    const [osid] = osids;
    const foreign = field === 'labels' ? namespaceOf(osid, values) : namespaceOf(osid, {}, values);
    expect(await refusal(agent.create(foreign))).toContain('only write its own labels and annotations');
    await agent.apply(namespaceOf(osid));
    expect(await refusal(agent.apply(foreign))).toContain('only write its own labels and annotations');
    await admin.mergePatch(refOf(foreign), { metadata: { [field]: values } });
    await agent.apply(namespaceOf(osid, { 'runos.com/other': 'true' }));
    const live = await admin.get(refOf(foreign));
    expect(live.metadata).toMatchObject({ [field]: values, labels: { 'runos.com/other': 'true' } });
    await admin.mergePatch(refOf(foreign), {
      metadata: { [field]: Object.fromEntries(Object.keys(values).map((name) => [name, null])) },
    });
  });

  it('deletes its own binding for Secrets, also where a person removed our labels', async () => {
    const { admin, agent, namespace } = access;
    const osid = osids[1];
    await agent.apply(namespaceOf(osid));
    const binding = secretBinding(namespace, osid);
    await agent.apply(binding);
    const labels = Object.fromEntries(Object.keys(rendered.metadata.labels ?? {}).map((name) => [name, null]));
    await admin.mergePatch(refIn(osid, 'v1', 'Namespace'), { metadata: { labels } });
    await agent.delete(refOf(binding));
    expect(await admin.find(refOf(binding))).toBeUndefined();
    expect(await refusal(agent.apply(binding))).toContain('may only');
  });
});
