import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterAccess } from './cluster-access.js';
import { tokenFile } from './token-file.js';

/** Where Kubernetes mounts the service account of a pod. */
const serviceAccountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Access to the cluster of this pod as its service account: `rest.InClusterConfig`. @throws Error outside of a pod. */
export async function inClusterAccess(
  environment: NodeJS.ProcessEnv = process.env,
  folder = serviceAccountFolder,
): Promise<ClusterAccess> {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  const port = environment['KUBERNETES_SERVICE_PORT'];
  if (!host || !port) {
    throw new Error(
      'This process is not in a pod (KUBERNETES_SERVICE_HOST is not set): name a kubeconfig file instead.',
    );
  }
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    ca: await readFile(join(folder, 'ca.crt'), 'utf8'),
    ...tokenFile(join(folder, 'token')),
  };
}
