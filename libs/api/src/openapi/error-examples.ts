import { type FaultCode, invalidTokenMessage } from '@runos/kernel';

const shopRequires = {
  instances: 1,
  osids: ['app-k3v9q'],
  dependents: [{ type: 'app', id: 'k3v9q', name: 'shop', alias: 'db' }],
};
const postgresqls = { instances: 1, osids: ['postgresql-x7k2p'] };
const operatorCommand = 'kubectl apply --server-side -f https://…/cnpg-1.27.0.yaml';
const exampleOverride =
  'Override "grace-period" (Deployment app-k3v9q): spec.template.spec.hostNetwork must not be set';

const exampleDetails: Readonly<Partial<Record<FaultCode, object>>> = {
  'request.invalid': { issues: [{ path: 'replicas', message: 'Invalid input: expected number, received string' }] },
  'sizing.invalid': { issues: [{ path: 'cpuLimitMc', message: 'cpuLimitMc 100 is below cpuRequestMc 500' }] },
  'class.unknown': { issues: [{ path: 'resourceRequirementClassId', message: 'class "huge" is not offered' }] },
  'configset.invalid': { issues: [{ path: 'values.work_mem', message: 'work_mem is "much"' }] },
  'override.invalid': { issues: [{ path: 'spec.template.spec.hostNetwork', message: exampleOverride }] },
  'auth.session_expired': { expiredAt: '2030-02-11T09:30:00.000Z' },
  'service.in_use': shopRequires,
  'app.in_use': shopRequires,
  'configset.in_use': postgresqls,
  'addon.missing': { addons: [{ name: 'cloudnative-pg', version: '1.27.0', command: operatorCommand }] },
  'registry.exists': { registryId: '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d12' },
  'upgrade.running': { upgradeId: '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d11' },
  'cluster.not_empty': postgresqls,
  'auth.invalid': { reason: 'revoked', revokedAt: '2030-02-11T09:30:00.000Z' },
  'auth.forbidden': { level: 'write', role: 'viewer' },
  'request.too_large': { limit: 'maxBodyBytes', value: 1_048_576 },
  'limit.exceeded': { limit: 'writesPerMinute', value: 600, retryAfterSeconds: 12 },
  'conflict.diverged': { storedRevision: 9, storedGeneration: 8 },
  'conflict.stale': { generation: 8, changedBy: 'ci' },
  unavailable: { retryAfterSeconds: 2 },
};

const exampleMessages: Readonly<Partial<Record<FaultCode, string>>> = {
  'request.invalid': 'replicas: Invalid input: expected number, received string.',
  'sizing.invalid': 'cpuLimitMc 100 is below cpuRequestMc 500; a limit must be at least its request.',
  'class.unknown': 'class "huge" is not offered by postgresql; choose one of postgresql.c0.beff, postgresql.c0.small.',
  'configset.invalid': 'work_mem is "much"; it must be an amount like 256MB (B, kB, MB, GB or TB).',
  'override.invalid': `${exampleOverride}.`,
  'auth.invalid': invalidTokenMessage,
  'auth.session_expired': 'The session has expired; log in again.',
  'auth.forbidden': 'This needs the role member or admin or owner; you are viewer.',
  'limit.exceeded': 'More than 600 writes in a minute; retry in 12 s.',
  'request.too_large': 'The body is larger than 1048576 bytes; send less at once.',
  'conflict.stale':
    'The write expects generation 7, but the current generation is 8. Read it again and repeat the change.',
  'service.in_use': 'It is needed by postgresql-x7k2p; delete that first.',
  'app.in_use': 'It is needed by app-k3v9q; delete that first.',
  'configset.in_use':
    'Config set 4f0c2a1e-6a0e-4f61-9d0e-2b1f6a3c7d55 is used by postgresql-x7k2p; convert it to custom settings or delete it first.',
  'cluster.not_found': "Cluster 'ky3' not found in account 'k3v9d'.",
  'node.in_use': 'The agent of node "n4x2p" is connected. Stop it first, or repeat the request with ?force=true.',
  'addon.missing': `The cluster does not have CloudNativePG 1.27.0. Install it with "${operatorCommand}", then repeat the request.`,
  'addon.present': 'The cluster has CloudNativePG 1.27.0, which RunOS has not installed. RunOS never changes it.',
  'upgrade.running': 'An upgrade of postgresql is running; wait for its end or cancel it.',
  'registry.exists': 'There are credentials of registry "ghcr.io" already; change or delete those.',
  'cluster.exists': 'There is a cluster "ky3" in this account already; choose another cid.',
  'cluster.not_empty': 'Cluster "ky3" has postgresql-x7k2p; delete it first.',
  'cluster.agent_mismatch':
    'No agent of Kubernetes cluster "0c5e7d7a-6f0e-4d57-9c63-0f1b7a2d9e11" waits for its acceptance in cluster "ky3".',
  'conflict.data_loss':
    'PersistentVolumeClaim data-valkey-x7k2p-0 is being deleted, and the request would replace the pod that uses it. Copy the data out, or repeat the request with ?force=true.',
  'conflict.deleting': 'It is being deleted.',
  'conflict.diverged':
    'The agent of cluster ky3 stores revision 9 (generation 8), which this control plane does not know. Decide by accept.',
  'conflict.idempotency': 'The Idempotency-Key was used for another request.',
  unavailable: 'reconciler did not reply in time; retry in 2 s.',
  internal: 'An internal error occurred.',
};

const messageOf = (code: FaultCode): string =>
  exampleMessages[code] ?? (code.endsWith('.not_found') ? `The ${code.replace(/\..*/, '')} does not exist.` : code);

/** The example of the response with this code. */
export const errorExample = (code: FaultCode) => ({
  value: { error: messageOf(code), ...exampleDetails[code], code, traceId: '7f6c1e0d4b2a4f0f9c3d5e7a8b9c0d1e' },
});
