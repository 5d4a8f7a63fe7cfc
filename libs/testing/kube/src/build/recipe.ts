import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The Go module whose go.mod pins every program. */
export const moduleFolder = join(import.meta.dirname, '..', '..', 'go');

/** The Kubernetes version in go.mod. Clients cannot parse a server's version unless the build contains it. */
function kubernetesVersion(): { major: string; minor: string; full: string } {
  const [, full, major, minor] = /^\s*k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/m.exec(goMod()) ?? [];
  if (!full || !major || !minor) throw new Error(`${moduleFolder}/go.mod names no version of k8s.io/kubernetes`);
  return { full, major, minor };
}

const goMod = (): string => readFileSync(join(moduleFolder, 'go.mod'), 'utf8');

/** For small, reproducible programs: no debug tables, no paths of this machine. */
export function buildFlags(): string[] {
  const { full, major, minor } = kubernetesVersion();
  const version = Object.entries({ gitVersion: full, gitMajor: major, gitMinor: minor })
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
  return ['-trimpath', '-gcflags=all=-dwarf=false', '-ldflags', `-s -w ${version}`];
}

/** Every program's name and its package. `go build` names etcd "server". */
export const programs = {
  'nats-server': 'github.com/nats-io/nats-server/v2',
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
} as const;

export type ProgramName = keyof typeof programs;

/** The name that `go build` gives a program: the last element of its package that is not a major version. */
export const builtName = (packagePath: string): string =>
  packagePath
    .split('/')
    .filter((part) => !/^v\d+$/.test(part))
    .at(-1) as string;

/** Modules with data files for a cluster, and the path in each. */
export const dataFiles = {
  'crds/cloudnative-pg': ['github.com/cloudnative-pg/cloudnative-pg', 'config/crd/bases'],
  'crds/cert-manager': ['github.com/cert-manager/cert-manager', 'deploy/crds'],
  'crds/gateway-api': ['sigs.k8s.io/gateway-api', 'config/crd/standard'],
  'manifests/cert-manager': ['github.com/cert-manager/cert-manager', 'deploy/crds'],
  'manifests/cloudnative-pg': ['github.com/cloudnative-pg/cloudnative-pg', 'releases'],
  'manifests/gateway-api': ['sigs.k8s.io/gateway-api', 'config/crd/standard'],
  'stages/kwok': ['sigs.k8s.io/kwok', 'kustomize/stage'],
} as const;

/** Changes whenever the result of a build would change. */
export function buildKey(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(moduleFolder, file)));
  hash.update(JSON.stringify([buildFlags(), programs, dataFiles, process.platform, process.arch]));
  return hash.digest('hex').slice(0, 16);
}
