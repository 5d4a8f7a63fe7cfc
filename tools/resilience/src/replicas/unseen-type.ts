import { beaconCrd } from '@runos/service-types/testing';
import type { LiveObject } from '@runos/testing-kube';
import { eventually, PlaneClient, valueAt } from '@runos/tool-e2e';
import type { InjectedFault } from '../kill/faults.js';
import { LedgerClient } from '../load/ledger-client.js';

const { group } = beaconCrd.spec;
const manager = 'runos-resilience';

/**
 * No fault: a type that the catalog of the services has, but no build of the cluster agent. The agent applies its custom
 * resource, and derives its health from the rules in the bundle.
 */
export const runUnseenType: InjectedFault = {
  name: 'a type that the agent has never seen',
  hits: [],
  async inject(data, ledger) {
    const plane = await PlaneClient.connect(data);
    await allowBeacons(plane);
    const client = new LedgerClient(plane, ledger, 'unseen');
    const { body: created } = (await client.send('POST', `${plane.services}/beacon`, { name: 'unseen' })).answer;
    const [osid, path] = [String(created['osid']), `${plane.services}/beacon/${String(created['id'])}`];
    await eventually('the agent to report that the beacon is dark', async () => {
      const { body } = await plane.api.get(path);
      return JSON.stringify(body).includes('The beacon is dark.');
    });
    const lit = JSON.stringify({ status: { lit: true } });
    await plane.kubectl.run(['patch', 'beacon', osid, '-n', osid, '--subresource=status', '--type=merge', '-p', lit]);
    await plane.waitForCompletion(created['jobId']);
    const deleted = await client.send('DELETE', path);
    await plane.waitForCompletion(deleted.answer.body['jobId']);
  },
};

/** The CRD, and what the generated manifests of a catalog with this type contain: rights on the kind, its admission. */
async function allowBeacons({ kubectl }: PlaneClient): Promise<void> {
  const policy = await kubectl.get('validatingadmissionpolicy', 'runos-cluster-agent');
  await kubectl.apply([beaconCrd, role, binding, withBeacons(policy)], manager);
  // kubectl fails at once while the new CRD has no conditions.
  const wait = ['wait', 'crd', beaconCrd.metadata.name, '--for=condition=Established', '--timeout=30s'];
  await eventually('the CRD of beacons to be established', async () => {
    await kubectl.run(wait);
    return true;
  });
}

const rbac = 'rbac.authorization.k8s.io';
const metadata = { name: 'runos-beacons' };
const role = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata,
  rules: [
    {
      apiGroups: [group],
      resources: ['beacons'],
      verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
    },
  ],
};
const binding = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata,
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: metadata.name },
  subjects: [{ kind: 'ServiceAccount', name: 'cluster-agent', namespace: 'runos' }],
};
function withBeacons(policy: LiveObject | undefined): object {
  const spec = JSON.stringify(valueAt(policy, 'spec') ?? {}).replace(
    "['/namespaces'",
    `['${group}/beacons', '/namespaces'`,
  );
  if (!spec.includes(`${group}/beacons`)) throw new Error(`the admission policy has no list of resources: ${spec}`);
  return {
    apiVersion: valueAt(policy, 'apiVersion'),
    kind: valueAt(policy, 'kind'),
    metadata: { name: valueAt(policy, 'metadata', 'name') },
    spec: JSON.parse(spec) as object,
  };
}
