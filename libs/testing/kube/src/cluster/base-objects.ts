import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@runos/testing-process';
import { type Toolbox } from '../build/toolbox.js';
import { apply, kubeRequest, type Target } from './kube-request.js';

/** The capacity of each Node; larger requests stay unschedulable, as on a real machine of that size. */
const nodeCapacity = { cpus: 64, memoryGi: 256 } as const;

/** The label of the nodes that kwok simulates. */
export const simulatedNode = { type: 'kwok' } as const;

/** Creates the nodes that kwok simulates. `pods` is far above a kubelet's 110, or test pods would stay Pending. */
export async function createNodes(target: Target, names: readonly string[]): Promise<void> {
  const room = {
    cpu: String(nodeCapacity.cpus),
    memory: `${nodeCapacity.memoryGi}Gi`,
    pods: '5000',
    'ephemeral-storage': '1Ti',
  };
  const node = (name: string): object => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...simulatedNode } },
    status: { capacity: room, allocatable: room },
  });
  await Promise.all(
    names.map(async (name) => {
      const reply = await kubeRequest(target, '/api/v1/nodes', { method: 'POST', body: JSON.stringify(node(name)) });
      const exists = reply.status === 409; // created by an earlier start
      if (reply.status >= 300 && !exists) throw new Error(`Node ${name} was refused: ${reply.body}`);
    }),
  );
}

/** Creates the default class, which the controller-manager's own provisioner serves. */
export async function createStorageClass(target: Target): Promise<void> {
  const storageClass = {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'kubernetes.io/host-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'Immediate',
    allowVolumeExpansion: true,
  };
  await apply(target, '/apis/storage.k8s.io/v1/storageclasses/local', JSON.stringify(storageClass));
}

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string };
    readonly versions: readonly { readonly name: string; readonly served: boolean }[];
  };
}

/** The operators whose CRDs a cluster can have. */
export const operators = ['cloudnative-pg', 'cert-manager', 'gateway-api'] as const;
export type Operator = (typeof operators)[number];

/** Installs CRDs of operators; resolves when the API server serves every kind of them. */
export async function installCrds(target: Target, toolbox: Toolbox, names: readonly Operator[]): Promise<void> {
  const folders = names.map((name) => toolbox.data(`crds/${name}`));
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => join(folder, name)),
  );
  await Promise.all(files.map((file) => installCrd(target, file)));
}

async function installCrd(target: Target, file: string): Promise<void> {
  const text = readFileSync(file, 'utf8');
  const name = /^ {2}name: "?([a-z0-9.-]+)"?$/m.exec(text)?.[1];
  if (!name || !/^kind: "?CustomResourceDefinition"?$/m.test(text)) return; // a kustomization in the same folder
  const crd = JSON.parse(
    await apply(target, `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`, text),
  ) as Crd;
  const version = crd.spec.versions.find(({ served }) => served)?.name;
  const list = `/apis/${crd.spec.group}/${version}/${crd.spec.names.plural}?limit=1`;
  await waitUntil(async () => (await kubeRequest(target, list)).status === 200, {
    because: () => `${name} was accepted but is not served`,
  });
}
