import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { withPodSecurity } from '../src/apply/pod-security.js';
import { type AgentAccess, agentAccess, refusal, useAccess } from './agent-access.js';
import { newOsid, objectsOf, refIn } from './harness.js';
import { probeObjects } from './probe-objects.js';

/** What a stolen token of the agent could try to keep pods of others from the nodes, or to follow them. */
let access: AgentAccess;
const osid = newOsid();
const [rendered] = objectsOf(osid) as [KubeObject];
const { statefulSet, cluster } = probeObjects(osid);

afterAll(() => access?.admin.delete(refIn(osid, 'v1', 'Namespace')));
useAccess(
  (started) => (access = started),
  () => agentAccess({ allWorkloads: true }),
);
beforeAll(() => access.agent.apply(withPodSecurity(rendered)));
afterEach(async () => {
  for (const object of [statefulSet({}), cluster({})]) await access.admin.delete(refOf(object));
});

const scopes = [{ namespaceSelector: {} }, { namespaces: ['kube-system'] }];
const own = { topologyKey: 'kubernetes.io/os', labelSelector: {} };
const required = (term: object) => ({ requiredDuringSchedulingIgnoredDuringExecution: [term] });
const preferred = (podAffinityTerm: object) => ({
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm }],
});
const rules = scopes.flatMap((scope) => [required({ ...own, ...scope }), preferred({ ...own, ...scope })]);
const noAffinity = /no affinity to pods of other namespaces/;

const pod = { containers: [{ name: 'probe', image: 'probe' }], restartPolicy: 'Never' };
const template = (affinity: object) => ({ spec: { ...pod, affinity } });
const apps = (affinity: object) => ({
  selector: { matchLabels: { app: 'probe' } },
  template: {
    metadata: { labels: { app: 'probe' } },
    spec: { ...template(affinity).spec, restartPolicy: 'Always' },
  },
});
const kinds: [kind: string, apiVersion: string, specOf: (affinity: object) => object][] = [
  ['StatefulSet', 'apps/v1', (affinity) => ({ ...apps(affinity), serviceName: 'probe' })],
  ['Deployment', 'apps/v1', apps],
  ['DaemonSet', 'apps/v1', apps],
  ['Job', 'batch/v1', (affinity) => ({ template: template(affinity) })],
  [
    'CronJob',
    'batch/v1',
    (affinity) => ({ schedule: '0 0 * * *', jobTemplate: { spec: { template: template(affinity) } } }),
  ],
];

describe('a stolen token of the cluster agent', () => {
  it.each(kinds)('lets the pods of a %s name no other namespaces', async (kind, apiVersion, specOf) => {
    const { agent } = access;
    const object = { apiVersion, kind, metadata: { name: 'probe', namespace: osid } };
    const attempt = (affinity: object) => agent.apply({ ...object, spec: specOf(affinity) }, { dryRun: true });
    await attempt({ podAntiAffinity: { ...required(own), ...preferred(own) } });
    for (const rule of rules) {
      for (const field of ['podAffinity', 'podAntiAffinity']) {
        expect(await refusal(attempt({ [field]: rule }))).toMatch(noAffinity);
      }
    }
  });

  it('lets the pods of a PostgreSQL cluster name none', async () => {
    const attempt = (affinity: object) => access.agent.apply(cluster({ affinity }), { dryRun: true });
    await attempt({ additionalPodAntiAffinity: { ...required(own), ...preferred(own) } });
    for (const rule of rules) {
      for (const field of ['additionalPodAffinity', 'additionalPodAntiAffinity']) {
        expect(await refusal(attempt({ [field]: rule }))).toMatch(noAffinity);
      }
    }
  });
});

describe('the cluster agent', () => {
  it('keeps the affinity that a person set, and writes the rest', async () => {
    const { admin, agent } = access;
    const object = statefulSet({});
    await agent.apply(object);
    const affinity = { podAntiAffinity: rules[0] };
    await admin.mergePatch(refOf(object), { spec: { template: { spec: { affinity } } } });
    await agent.apply(statefulSet({ terminationGracePeriodSeconds: 5 }));
    expect(await admin.get(refOf(object))).toMatchObject({
      spec: { template: { spec: { affinity, terminationGracePeriodSeconds: 5 } } },
    });
  });
});
