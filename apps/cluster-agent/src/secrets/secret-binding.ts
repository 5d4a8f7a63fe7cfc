import { groupOf, type KubeObject, fieldManager, ownerLabels } from '@runos/kube-objects';

const rbac = 'rbac.authorization.k8s.io/v1';

/** Name of the ServiceAccount in `deploy/cluster-agent`. */
const serviceAccount = 'cluster-agent';

/** The ClusterRole with the rights on Secrets, and each RoleBinding to it, in an agent of this namespace. */
const secretRoleName = (agentNamespace: string): string => `${agentNamespace}-cluster-agent-secrets`;

/** Gives the agent its rights on the Secrets of one instance. The admission policy allows exactly this content. */
export function secretBinding(agentNamespace: string, osid: string): KubeObject {
  const name = secretRoleName(agentNamespace);
  return {
    apiVersion: rbac,
    kind: 'RoleBinding',
    metadata: {
      name,
      namespace: osid,
      labels: { [ownerLabels.managedBy]: fieldManager, [ownerLabels.osid]: osid },
    },
    roleRef: { apiGroup: groupOf(rbac), kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccount, namespace: agentNamespace }],
  };
}
