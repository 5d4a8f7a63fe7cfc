import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { ApiTransport, bearer, type ClusterAccess, KubeClient, KubeError } from '@runos/kube-client';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { parseManifest } from '@runos/kube-objects/manifest';
import { type TestCluster, useTestCluster } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';

// A real cluster is slow on a busy machine.

const manifests = join(import.meta.dirname, '..', '..', '..', 'deploy', 'cluster-agent');

/** Clients of a cluster for its administrator and for the agent's service account, with the deployed manifests. */
export interface AgentAccess {
  readonly cluster: TestCluster;
  readonly admin: KubeClient;
  readonly agent: KubeClient;
  /** The agent's bearer token. */
  readonly token: string;
  /** Used instead of `runos`, so that concurrent specs do not see each other's bundles. */
  readonly namespace: string;
  stop(): Promise<void>;
}

export interface AgentAccessOptions {
  /** Default: the shared test cluster. */
  readonly cluster?: TestCluster;
  /** Whether the administrator applied addons.yaml too. */
  readonly addons?: boolean;
  /** Whether service types render every kind with pods, not only StatefulSets. */
  readonly allWorkloads?: boolean;
}

/**
 * Prepares an access before the tests of a spec, and ends it after them; `assign` receives it. What has to be deleted in
 * the cluster needs an `afterAll` before this call. The first spec of a machine builds Kubernetes, which takes minutes.
 */
export function useAccess(
  assign: (access: AgentAccess) => unknown,
  start: () => Promise<AgentAccess> = () => agentAccess(),
): void {
  let access: AgentAccess | undefined;
  beforeAll(async () => {
    access = await start();
    assign(access);
  }, 900_000);
  afterAll(() => access?.stop());
}

/** Rejects only when nothing of it is left. */
export async function agentAccess(options: AgentAccessOptions = {}): Promise<AgentAccess> {
  const started = new AsyncDisposableStack();
  return prepareAccess(options, started).catch(async (error: unknown) => {
    await started.disposeAsync();
    throw error;
  });
}

async function prepareAccess(options: AgentAccessOptions, started: AsyncDisposableStack): Promise<AgentAccess> {
  const cluster = options.cluster ?? (await useTestCluster());
  started.defer(() => cluster.stop());
  const namespace = `runos-${randomBytes(4).toString('hex')}`;
  const { server, ca } = cluster;
  const connect = (token: string): KubeClient => {
    const client = new KubeClient({ server, ca, ...bearer(token) });
    started.defer(() => client.close());
    return client;
  };
  const admin = connect(cluster.token);
  const deployed = deployedObjects(namespace, options);
  // The deletion of the namespace deletes its content.
  const clusterScoped = deployed.filter(({ metadata }) => metadata.namespace === undefined);
  started.defer(async () => void (await Promise.all(clusterScoped.map((object) => admin.delete(refOf(object))))));
  for (const object of deployed) await admin.apply(object, { fieldManager: 'runos-start' });
  const token = await createToken({ server, ca, ...bearer(cluster.token) }, namespace, 'cluster-agent');
  const agent = connect(token);
  await policiesEnforced(admin, `${namespace}-newest`);
  return { cluster, admin, agent, token, namespace, stop: () => started.disposeAsync() };
}

/** A token of a service account, as TokenRequest issues it. @throws KubeError */
export async function createToken(access: ClusterAccess, namespace: string, account: string): Promise<string> {
  const transport = new ApiTransport(access);
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  try {
    const request = { method: 'POST', path, body: { spec: {} } } as const;
    return (await transport.send<{ status: { token: string } }>(request)).status.token;
  } finally {
    await transport.close();
  }
}

/** The files of `deploy/cluster-agent`, all but the Deployment, for another namespace than `runos`. */
function deployedObjects(namespace: string, { addons, allWorkloads }: AgentAccessOptions): KubeObject[] {
  return readdirSync(manifests)
    .filter((file) => addons || file !== 'addons.yaml')
    .map((file) => readFileSync(join(manifests, file), 'utf8'))
    .map((text) => (allWorkloads ? withAllWorkloads(text) : text))
    .map((text) =>
      text
        .replaceAll('runos-plan', `${namespace}-plan`)
        .replaceAll('namespace: runos\n', `namespace: ${namespace}\n`)
        .replaceAll('name: runos\n', `name: ${namespace}\n`)
        .replaceAll('serviceaccount:runos:', `serviceaccount:${namespace}:`)
        .replaceAll("request.namespace == 'runos'", `request.namespace == '${namespace}'`)
        .replaceAll('name: runos-cluster-agent', `name: ${namespace}-cluster-agent`)
        .replaceAll('policyName: runos-cluster-agent', `policyName: ${namespace}-cluster-agent`)
        .replaceAll("'runos-cluster-agent-secrets'", `'${namespace}-cluster-agent-secrets'`)
        .replaceAll('[runos-cluster-agent-secrets]', `[${namespace}-cluster-agent-secrets]`),
    )
    .flatMap(parseManifest)
    .filter(({ kind }) => kind !== 'Deployment')
    .sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));
}

/** A manifest as it is when service types render these kinds. Other API groups have no resources of these names. */
const withAllWorkloads = (manifest: string): string =>
  manifest
    .replaceAll('apiGroups: [apps]', 'apiGroups: [apps, batch]')
    .replaceAll(
      'resources: [statefulsets, deployments]',
      'resources: [statefulsets, deployments, daemonsets, jobs, cronjobs]',
    )
    .replaceAll("'apps/statefulsets'", "'apps/statefulsets', 'apps/daemonsets', 'batch/jobs', 'batch/cronjobs'");

/**
 * Takes the finalizer of Kubernetes from a namespace, so that its second deletion is its end. The controller that removes
 * the finalizer begins five seconds after the first deletion, and takes more on a busy machine.
 */
export function finalizeNamespace(admin: KubeClient, name: string): Promise<unknown> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  return admin.transport.send({ method: 'PUT', path: `/api/v1/namespaces/${name}/finalize`, body });
}

/** The message of a 403 response. Fails for any other result. */
export async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (thrown) {
    if (thrown instanceof KubeError && thrown.status === 403) return thrown.message;
    throw thrown;
  }
  throw new Error('the request was allowed');
}

/**
 * Resolves once the API server enforces all policies that exist. It receives them in the order of their creation, and
 * enforces all that it has received at once. So it enforces the others when it enforces the newest one.
 */
async function policiesEnforced(admin: KubeClient, name: string): Promise<void> {
  const version = { apiVersion: 'admissionregistration.k8s.io/v1' };
  const configMaps = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
  const newest: readonly KubeObject[] = [
    {
      ...version,
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        matchConstraints: { resourceRules: [configMaps] },
        matchConditions: [{ name: 'probe', expression: `object.metadata.name == '${name}'` }],
        validations: [{ expression: 'false', message: name }],
      },
    },
    {
      ...version,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
  for (const object of newest) await admin.create(object);
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } };
  const isRefused = () =>
    admin.apply(probe, { dryRun: true }).then(
      () => false,
      (thrown: unknown) => thrown instanceof KubeError && thrown.message.includes(name),
    );
  await waitUntil(isRefused, { everyMs: 50, because: () => 'the policies are not enforced' });
  for (const object of newest) await admin.delete(refOf(object));
}
