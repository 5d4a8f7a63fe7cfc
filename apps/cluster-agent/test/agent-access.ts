import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { bearer, isAlreadyExists, KubeClient, KubeError } from '@runos/kube-client';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { type TestCluster, useTestCluster } from '@runos/testing-kube';
import { waitUntil } from '@runos/testing-process';
import { parseAllDocuments } from 'yaml';

// A real cluster is slow on a busy machine.
jest.setTimeout(60_000);

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

export async function agentAccess(existing?: TestCluster): Promise<AgentAccess> {
  const cluster = existing ?? (await useTestCluster());
  const namespace = `runos-${randomBytes(4).toString('hex')}`;
  const { server, ca } = cluster;
  const admin = new KubeClient({ server, ca, ...bearer(cluster.token) });
  const deployed = deployedObjects(namespace);
  for (const object of deployed) await admin.apply(object, { fieldManager: 'runos-start' });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'cluster-agent' };
  const { status } = await admin.createSubresource<{ status: { token: string } }>(account, 'token', { spec: {} });
  const agent = new KubeClient({ server, ca, ...bearer(status.token) });
  await policyEnforced(agent);
  return {
    cluster,
    admin,
    agent,
    token: status.token,
    namespace,
    async stop() {
      // The deletion of the namespace deletes its content.
      const clusterScoped = deployed.filter(({ metadata }) => metadata.namespace === undefined);
      await Promise.all(clusterScoped.map((object) => admin.delete(refOf(object))));
      await Promise.all([admin.close(), agent.close()]);
      await cluster.stop();
    },
  };
}

/** The files of `deploy/cluster-agent`, all but the Deployment, for another namespace than `runos`. */
function deployedObjects(namespace: string): KubeObject[] {
  return readdirSync(manifests)
    .map((file) => readFileSync(join(manifests, file), 'utf8'))
    .map((text) =>
      text
        .replaceAll('namespace: runos\n', `namespace: ${namespace}\n`)
        .replaceAll('name: runos\n', `name: ${namespace}\n`)
        .replaceAll('serviceaccount:runos:', `serviceaccount:${namespace}:`)
        .replaceAll("request.namespace == 'runos'", `request.namespace == '${namespace}'`)
        .replaceAll('name: runos-cluster-agent', `name: ${namespace}-cluster-agent`)
        .replaceAll('policyName: runos-cluster-agent', `policyName: ${namespace}-cluster-agent`),
    )
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject))
    .filter(({ kind }) => kind !== 'Deployment')
    .sort((a, b) => Number(b.kind === 'Namespace') - Number(a.kind === 'Namespace'));
}

/** An API server enforces a new admission policy only after a moment. */
function policyEnforced(agent: KubeClient): Promise<void> {
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'probe', namespace: 'default' } };
  const refused = async (): Promise<boolean> => {
    try {
      await agent.create(probe, { dryRun: true });
      return false;
    } catch (thrown) {
      if (isAlreadyExists(thrown)) return false;
      return thrown instanceof KubeError && thrown.message.includes('ValidatingAdmissionPolicy');
    }
  };
  return waitUntil(refused, { deadlineMs: 20_000, everyMs: 50, because: () => 'the admission policy is not enforced' });
}
