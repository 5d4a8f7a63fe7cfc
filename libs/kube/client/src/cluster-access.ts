import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '@runos/kernel';

/** Address of one API server and the credentials for it: `rest.Config` of client-go. */
export interface ClusterAccess {
  /** `https://host:port`, with a path behind a proxy. */
  readonly server: string;
  /** PEM. Default: the system's trust store. */
  readonly ca?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  /** Name that the server's certificate must carry, if it is not the host of `server`. */
  readonly serverName?: string;
  readonly insecure?: boolean;
  /** Value of the Authorization header, called before every request. */
  authorization?(): Promise<string | undefined>;
  /** The server answered 401: the next `authorization()` reads the credentials again. */
  onUnauthorized?(): void;
}

/** A bearer token that never changes. */
export const bearer = (token: string): Pick<ClusterAccess, 'authorization'> => ({
  authorization: () => Promise.resolve(`Bearer ${token}`),
});

/** The kubelet replaces a service account token on disk long before it expires; client-go reads it every minute too. */
const cacheMs = 60_000;

/** A bearer token in a file that is rotated. It is read again every minute, and at once after a 401. */
export function tokenFile(
  path: string,
  clock: Clock = systemClock,
): Pick<ClusterAccess, 'authorization' | 'onUnauthorized'> {
  let read: { header: string; at: number } | undefined;
  return {
    async authorization() {
      const now = clock.monotonicMs();
      if (read === undefined || now - read.at >= cacheMs) {
        read = { header: `Bearer ${(await readFile(path, 'utf8')).trim()}`, at: now };
      }
      return read.header;
    },
    onUnauthorized() {
      read = undefined;
    },
  };
}

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
