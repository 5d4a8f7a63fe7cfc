import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KubeError } from '@runos/kube-client';
import type { KubeObject } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { podSecurityLabel, podSecurityVersionLabel, withPodSecurity } from '../src/apply/pod-security.js';
import { type AgentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid, objectsOf, refIn } from './harness.js';
import { probeObjects } from './probe-objects.js';

/** What a stolen token of the agent could try, with namespaces and workloads that look like those of an instance. */
let access: AgentAccess;
const osid = newOsid();
const [rendered] = objectsOf(osid) as [KubeObject];
const namespace = withPodSecurity(rendered);

afterAll(() => access?.admin.delete(refIn(osid, 'v1', 'Namespace')));
useAccess((started) => (access = started));
beforeAll(() => access.agent.apply(namespace));

const metadata = { name: 'probe', namespace: osid };
const { statefulSet, cluster } = probeObjects(osid);
const service = (spec: object): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: { selector: { app: 'probe' }, ports: [{ port: 80 }], ...spec },
});

const account = (fields: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: osid, namespace: osid },
  automountServiceAccountToken: false,
  ...fields,
});
const inCloud = (name: string) => ({
  name,
  namespace: osid,
  annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/admin' },
});

/** Of the policy on contents or of the one on add-ons: the API server quotes either. */
const noAnnotations = /no annotations|annotations of the pinned version/;

const withLevel = (name: string, level: string | undefined): KubeObject => {
  const labels: Record<string, string> = { ...namespace.metadata.labels, 'runos.com/osid': name };
  delete labels[podSecurityLabel];
  return {
    ...namespace,
    metadata: { name, labels: level === undefined ? labels : { ...labels, [podSecurityLabel]: level } },
  };
};

/** The policies read the labels of a namespace from a cache, which is a moment late. */
const untilAllowed = (write: () => Promise<unknown>): Promise<void> =>
  waitUntil(
    () =>
      write().then(
        () => true,
        (thrown: unknown) => {
          if (thrown instanceof KubeError && thrown.status === 403) return false;
          throw thrown;
        },
      ),
    { everyMs: 50, because: () => 'the write is still refused' },
  );

describe('a stolen token of the cluster agent', () => {
  it.each(['privileged', 'baseline', undefined])('creates no namespace of the level %s', async (level) => {
    expect(await refusal(access.agent.apply(withLevel(newOsid(), level)))).toContain(podSecurityLabel);
  });

  it('does not weaken the level of a namespace', async () => {
    const weaker = { ...namespace.metadata.labels, [podSecurityLabel]: 'privileged' };
    expect(await refusal(access.agent.apply({ ...namespace, metadata: { name: osid, labels: weaker } }))).toContain(
      podSecurityLabel,
    );
    expect(
      await refusal(
        access.agent.mergePatch(refIn(osid, 'v1', 'Namespace'), { metadata: { labels: { [podSecurityLabel]: null } } }),
      ),
    ).toContain(podSecurityLabel);
  });

  it.each(['v1.0', 'v1.29'])('enforces no edition %j of the level', async (edition) => {
    const { admin, agent } = access;
    const labels = { ...namespace.metadata.labels, [podSecurityVersionLabel]: edition };
    const name = newOsid();
    const created = { ...namespace, metadata: { name, labels: { ...labels, 'runos.com/osid': name } } };
    expect(await refusal(agent.create(created))).toContain(podSecurityVersionLabel);
    expect(await refusal(agent.apply({ ...namespace, metadata: { name: osid, labels } }))).toContain(
      podSecurityVersionLabel,
    );
    // As a person, or an agent under earlier policies, may have left it.
    await admin.create(created);
    const inside = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe', namespace: name } };
    expect(await refusal(agent.create(inside))).toContain(podSecurityVersionLabel);
    await agent.mergePatch(refIn(name, 'v1', 'Namespace'), {
      metadata: { labels: { [podSecurityVersionLabel]: null } },
    });
    await untilAllowed(() => agent.create(inside));
    await admin.delete(refIn(name, 'v1', 'Namespace'));
  });

  it('makes no namespace of an instance one of an add-on, where no level is enforced', async () => {
    const { agent, admin } = access;
    // The namespace of the operator, so that later writes would count as those of the add-on.
    const name = 'cnpg-system';
    const ref = refIn(name, 'v1', 'Namespace');
    await admin.apply(withLevel(name, 'restricted'));
    const addon = { metadata: { labels: { 'runos.com/addon': 'cloudnative-pg' } } };
    expect(await refusal(agent.mergePatch(ref, addon, { dryRun: true }))).toContain('may only write in namespaces');
    await admin.delete(ref);
    const both = withLevel(newOsid(), 'restricted');
    const labels = { ...both.metadata.labels, ...addon.metadata.labels };
    const metadata = { ...both.metadata, labels };
    // Either policy refuses it, and the API server names one of them.
    const refusals = /may only write in namespaces|may not change the Pod Security Standard/;
    expect(await refusal(agent.create({ ...both, metadata }))).toMatch(refusals);
  });

  it('creates nothing in the namespace of an older agent before the level is set, but deletes', async () => {
    const { admin, agent } = access;
    const name = newOsid();
    await admin.create(withLevel(name, undefined));
    const inside = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe', namespace: name } };
    await admin.create(inside);
    const other = { ...inside, metadata: { ...inside.metadata, name: 'other' } };
    expect(await refusal(agent.apply(other))).toContain(podSecurityLabel);
    await agent.delete(refIn(name, 'v1', 'ConfigMap', 'probe'));
    await agent.apply(withLevel(name, 'restricted'));
    await untilAllowed(() => agent.apply(other));
    await admin.delete(refIn(name, 'v1', 'Namespace'));
  });

  it('lets pods pull images with the credentials of their instance alone', async () => {
    const { agent } = access;
    const withSecrets = (...names: string[]) => statefulSet({ imagePullSecrets: names.map((name) => ({ name })) });
    await agent.apply(withSecrets(`${osid}-pull-credentials`), { dryRun: true });
    for (const names of [['stolen'], [`${osid}-pull-credentials`, 'stolen'], [`${newOsid()}-pull-credentials`]]) {
      const attempt = agent.apply(withSecrets(...names), { dryRun: true });
      expect(await refusal(attempt)).toContain('with the credentials of the instance');
    }
  });

  it('writes the account of an instance, and its pods may use it', async () => {
    await access.agent.apply(account());
    await access.agent.apply(statefulSet({ serviceAccountName: osid }), { dryRun: true });
    await access.agent.delete(refIn(osid, 'v1', 'ServiceAccount', osid));
  });

  it('runs no privileged pod: the namespace refuses it', async () => {
    const spec = { hostPID: true, containers: [{ name: 'x', image: 'x', securityContext: { privileged: true } }] };
    const volumes = [{ name: 'root', hostPath: { path: '/' } }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...spec, volumes } };
    expect(await refusal(access.admin.create(pod))).toMatch(/violates PodSecurity "restricted/);
  });

  it.each<[string, KubeObject, RegExp]>([
    ['external IPs', service({ externalIPs: ['10.0.0.1'] }), /no external IPs/],
    ['a load balancer', service({ type: 'LoadBalancer' }), /type ClusterIP/],
    ['a node port', service({ type: 'NodePort' }), /type ClusterIP/],
    ['a name of another namespace', service({ type: 'ExternalName', externalName: 'x.kube-system.svc' }), /ClusterIP/],
    [
      'external IPs under the label of an add-on',
      { ...service({ externalIPs: ['10.0.0.1'] }), metadata: { ...metadata, labels: { 'runos.com/addon': 'x' } } },
      /no external IPs/,
    ],
    ['another service account', statefulSet({ serviceAccountName: 'operator' }), /default service account/],
    ['account of another name', account({ metadata }), /the name of the instance, no token/],
    ['account with a token', account({ automountServiceAccountToken: true }), /no token/],
    ['account without a word about tokens', account({ automountServiceAccountToken: undefined }), /no token/],
    ['account with rights in a cloud', account({ metadata: inCloud(osid) }), noAnnotations],
    ['default account with rights in a cloud', account({ metadata: inCloud('default') }), noAnnotations],
    ['services of a PostgreSQL cluster', cluster({ managed: { services: { additional: [] } } }), /no own services/],
    [
      'a service account of a PostgreSQL cluster',
      cluster({ serviceAccountTemplate: { metadata: { annotations: { role: 'admin' } } } }),
      /service accounts/,
    ],
  ])('writes no %s', async (_, object, reason) => {
    expect(await refusal(access.agent.apply(object))).toMatch(reason);
  });
});
