import { beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonPatchStep } from '@runos/kube-client';
import { type KubeObject, mapAt, type ObjectRef, refOf } from '@runos/kube-objects';
import { deleteAll, inputOf, install, installerOf, manifestOf, useAddonAccess, version } from './addon-harness.js';
import { type AgentAccess, refusal } from './agent-access.js';
import { ofKind } from './harness.js';

/** What a stolen token of the agent could make of the operator, whose account reads every Secret. */
let access: AgentAccess;
let operator: KubeObject;
let ref: ObjectRef;

useAddonAccess((started) => (access = started));
beforeAll(async () => {
  ref = refOf(ofKind(await install(access), 'Deployment'));
  operator = await access.admin.get(ref);
});

const pod = '/spec/template/spec';
const container = `${pod}/containers/0`;
const image = 'ghcr.io/cloudnative-pg/cloudnative-pg';
const eve = { name: 'eve', image: `${image}:${version}` };
const tokens = '/var/run/secrets/kubernetes.io/serviceaccount';

const changes: [what: string, path: string, value: unknown][] = [
  ['runs another image', `${container}/image`, `ghcr.io/eve/eve:${version}`],
  [
    'runs the image of another registry',
    `${container}/image`,
    `eve.example.com/cloudnative-pg/cloudnative-pg:${version}`,
  ],
  ['runs an old version', `${container}/image`, `${image}:1.15.0`],
  ['runs a digest that is not pinned', `${container}/image`, `${image}@sha256:${'a'.repeat(64)}`],
  ['uses another account', `${pod}/serviceAccountName`, 'default'],
  ['uses the network of a node', `${pod}/hostNetwork`, true],
  ['sees the processes of a node', `${pod}/hostPID`, true],
  ['mounts a folder of a node', `${pod}/volumes/-`, { name: 'root', hostPath: { path: '/' } }],
  ['is privileged', `${container}/securityContext`, { privileged: true }],
  ['adds a capability', `${container}/securityContext/capabilities/add`, ['SYS_ADMIN']],
  ['runs as root', `${container}/securityContext/runAsUser`, 0],
  ['runs as root, by the pod', `${pod}/securityContext`, { runAsUser: 0 }],
  ['calls another API server', `${container}/env/-`, { name: 'KUBERNETES_SERVICE_HOST', value: 'eve.example.com' }],
  ['creates pods of another image', `${container}/env/0/value`, 'eve.example.com/eve:1'],
  ['reads variables of a ConfigMap', `${container}/envFrom`, [{ configMapRef: { name: 'cnpg-default-monitoring' } }]],
  ['trusts another CA', `${container}/volumeMounts/-`, { name: 'scratch-data', mountPath: `${tokens}/ca.crt` }],
  ['mounts another Secret', `${pod}/volumes/1/secret/secretName`, 'eve'],
  ['projects a token', `${pod}/volumes/-`, { name: 'eve', projected: { sources: [] } }],
  ['runs another program', `${container}/command`, ['/bin/sh']],
  ['has another argument', `${container}/args/-`, '--pprof-server=true'],
  ['opens another port', `${container}/ports/-`, { containerPort: 22, protocol: 'TCP' }],
  ['runs a program when it starts', `${container}/lifecycle`, { postStart: { exec: { command: ['id'] } } }],
  ['runs a program to be ready', `${container}/readinessProbe`, { exec: { command: ['id'] } }],
  ['has a further container', `${pod}/containers/-`, eve],
  ['has a container before it', `${pod}/initContainers`, [eve]],
  ['resolves other names', `${pod}/hostAliases`, [{ ip: '10.0.0.1', hostnames: ['kubernetes.default.svc'] }]],
  ['queries another DNS server', `${pod}/dnsConfig`, { nameservers: ['10.0.0.1'] }],
  ['runs on the control plane', `${pod}/tolerations`, [{ operator: 'Exists' }]],
  ['precedes other pods', `${pod}/priorityClassName`, 'system-cluster-critical'],
];

describe('an operator that a stolen token changes', () => {
  it.each(changes)('is refused if it %s', async (_, path, value) => {
    const step: JsonPatchStep = { op: 'add', path, value };
    expect(await refusal(access.agent.jsonPatch(ref, [step]))).toMatch(/may only run the pods of the pinned version/);
  });

  it('is refused as a new one, as its spec alone decides', async () => {
    const template = mapAt(operator, 'spec', 'template');
    const metadata = { name: ref.name, namespace: ref.namespace, labels: operator.metadata.labels };
    const { selector } = mapAt(operator, 'spec');
    const created = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector, template } };
    await deleteAll(access.admin, [ref]);
    const spec = { ...created.spec, template: { ...template, spec: { ...mapAt(template, 'spec'), hostIPC: true } } };
    expect(await refusal(access.agent.apply({ ...created, spec }))).toMatch(/may only run the pods/);
    await access.agent.apply(created);
  });
});

describe('an operator that an administrator changed', () => {
  it('keeps its resources and where it may run, when the agent applies it again', async () => {
    const { admin, agent } = access;
    const tolerations = [{ key: 'infra', operator: 'Exists' }];
    const limits = { 'ephemeral-storage': '1Gi' };
    await admin.jsonPatch(ref, [
      { op: 'add', path: `${pod}/tolerations`, value: tolerations },
      { op: 'add', path: `${container}/resources/limits/ephemeral-storage`, value: '1Gi' },
    ]);
    const { done, reason } = await installerOf(access).applyAddon(inputOf(await manifestOf(version)));
    expect({ done, reason }).toEqual({ done: true, reason: undefined });
    const live = mapAt(await agent.get(ref), 'spec', 'template', 'spec');
    expect(live).toMatchObject({ tolerations, containers: [{ resources: { limits } }] });
  });
});
