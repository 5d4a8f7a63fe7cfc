import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Kubectl } from '@runos/testing-kube';
import { waitUntil, writeFileAtomic } from '@runos/testing-process';

/** The lifetime of a token; a new one is created at half of it. */
const tokenLifetimeMs = 12 * 3600 * 1000;

/**
 * The cluster agent's own access, after its manifests were applied: a kubeconfig with its ServiceAccount's token,
 * renewed until `signal` aborts. Returns the path of the kubeconfig.
 */
export async function grantAgentAccess(kubectl: Kubectl, folder: string, signal: AbortSignal): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const renew = async (): Promise<void> => {
    const args = ['create', 'token', 'cluster-agent', '--namespace=runos', `--duration=${tokenLifetimeMs / 1000}s`];
    writeFileAtomic(join(folder, 'token'), await kubectl.run(args));
  };
  await renew();
  const timer = setInterval(() => void renew().catch(() => undefined), tokenLifetimeMs / 2); // the next interval tries again
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  const path = await writeKubeconfig(kubectl, folder);
  await waitForPolicy(new Kubectl(kubectl.command, path), signal);
  return path;
}

/** An admission policy takes effect after a delay, during which the agent would have too many permissions. */
async function waitForPolicy(agent: Kubectl, signal: AbortSignal): Promise<void> {
  const outside = ['create', 'configmap', 'runos-policy-probe', '--namespace=kube-system', '--dry-run=server'];
  const refused = (): Promise<boolean> =>
    agent.run(outside).then(
      () => false,
      (error: Error) => error.message.includes('ValidatingAdmissionPolicy'),
    );
  const because = (): string => 'the admission policy of deploy/cluster-agent does not take effect';
  await waitUntil(refused, { everyMs: 100, because, signal });
}

/** The cluster of the administrator's kubeconfig with the user of the token file. */
async function writeKubeconfig(kubectl: Kubectl, folder: string): Promise<string> {
  const admin = JSON.parse(await kubectl.run(['config', 'view', '--raw', '--minify', '--flatten', '-o', 'json'])) as {
    clusters: [{ cluster: object }];
  };
  const name = 'cluster-agent';
  const path = join(folder, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: admin.clusters[0].cluster }],
    users: [{ name, user: { tokenFile: join(folder, 'token') } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  writeFileAtomic(path, JSON.stringify(config, null, 2));
  return path;
}
