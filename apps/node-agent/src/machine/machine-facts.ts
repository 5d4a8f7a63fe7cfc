import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { BodyOf, NodeAgentHeartbeatToServer } from '@runos/agent-protocol';

const idFiles = ['/etc/machine-id', '/var/lib/dbus/machine-id'];

/** @throws Error when the machine has no id, with the option that sets one */
export async function machineId(files: readonly string[] = idFiles): Promise<string> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => ''); // absent or unreadable: the next file may exist
    if (/^[A-Za-z0-9._-]{1,128}$/.test(text.trim())) return text.trim();
  }
  throw new Error(`no machine id in ${files.join(' or ')}: give one with --machine-id`);
}

/** `<ID>-<VERSION_ID>` of the operating system, for example `debian-12`; `unknown` without the file. */
export async function osName(file = '/etc/os-release'): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}=["']?([^"'\\n]*)["']?$`, 'm').exec(text)?.[1]?.trim();
  const [id, version] = [field('ID'), field('VERSION_ID')];
  if (!id) return 'unknown';
  return version ? `${id}-${version}` : id;
}

/** The files and the address by which Kubernetes is detected on a machine. */
export interface KubernetesPaths {
  /** Exists on control-plane nodes only. */
  readonly adminConfig: string;
  readonly kubeletConfig: string;
  /** Responds 200 while the kubelet is healthy. */
  readonly kubeletHealth: string;
}

const defaultPaths: KubernetesPaths = {
  adminConfig: '/etc/kubernetes/admin.conf',
  kubeletConfig: '/etc/kubernetes/kubelet.conf',
  kubeletHealth: 'http://127.0.0.1:10248/healthz',
};

const healthTimeoutMs = 2_000;

type KubernetesFacts = Pick<BodyOf<typeof NodeAgentHeartbeatToServer>, 'isCp' | 'isWorker' | 'status'>;

/** The Kubernetes fields of a heartbeat. Never throws, and takes at most 2 s. */
export async function kubernetesFacts(paths: KubernetesPaths = defaultPaths): Promise<KubernetesFacts> {
  const isCp = existsSync(paths.adminConfig);
  const isWorker = !isCp && existsSync(paths.kubeletConfig);
  if (!isCp && !isWorker) return { isCp, isWorker, status: 'not_installed' };
  const isHealthy = await fetch(paths.kubeletHealth, { signal: AbortSignal.timeout(healthTimeoutMs) }).then(
    (response) => response.ok,
    () => false, // no response means that the kubelet is not healthy
  );
  return { isCp, isWorker, status: isHealthy ? 'ready' : 'not_ready' };
}
