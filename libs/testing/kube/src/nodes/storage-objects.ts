import { join } from 'node:path';
import { account, deployment, role, system } from './system-object.js';
import { shellImage, storageImage } from './system-images.js';

export interface VolumeFolders {
  /** The folder of each node's volumes, by the node's name. */
  readonly folders: Readonly<Record<string, string>>;
  /** Whether a volume is full at its size. Needs loop devices. */
  readonly areLimited: boolean;
}

const volumeScript = join(import.meta.dirname, '..', '..', 'nodes', 'volumes.sh');

/** One word of a shell command, whatever the path of this checkout contains. */
const shellWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The scripts of the pods that create and remove volumes. The node itself mounts them, where all of its pods see them. */
const limited = {
  setup: `exec nsenter -t 1 -m -- ${shellWord(volumeScript)} create "$VOL_DIR" "$VOL_SIZE_BYTES"`,
  teardown: `exec nsenter -t 1 -m -- ${shellWord(volumeScript)} delete "$VOL_DIR"`,
};

/** Programs of any user write into their volumes. */
const unlimited = { setup: 'mkdir -m 0777 -p "$VOL_DIR"', teardown: 'rm -rf "$VOL_DIR"' };

const helper = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'helper' },
  spec: {
    hostPID: true,
    containers: [
      { name: 'helper', image: shellImage, imagePullPolicy: 'Never', securityContext: { privileged: true } },
    ],
  },
};

/** A default StorageClass `local` with volumes on the nodes. */
export function storageObjects({ folders, areLimited }: VolumeFolders): object[] {
  const name = 'local-path-provisioner';
  const config = { nodePathMap: Object.entries(folders).map(([node, folder]) => ({ node, paths: [folder] })) };
  const { setup, teardown } = areLimited ? limited : unlimited;
  return [
    account(name),
    ...role(name, [
      { apiGroups: [''], resources: ['nodes', 'configmaps'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'list', 'watch', 'update'] },
      { apiGroups: [''], resources: ['persistentvolumes', 'pods', 'endpoints'], verbs: ['*'] },
      { apiGroups: [''], resources: ['pods/log'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
    ]),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'local-path-config', namespace: system },
      data: {
        'config.json': JSON.stringify(config),
        setup: `#!/bin/sh\nset -eu\n${setup}\n`,
        teardown: `#!/bin/sh\nset -eu\n${teardown}\n`,
        'helperPod.yaml': JSON.stringify(helper),
      },
    },
    deployment(name, {
      tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
      containers: [
        {
          name,
          image: storageImage,
          imagePullPolicy: 'Never',
          args: [
            'start',
            '--config=/etc/config/config.json',
            '--provisioner-name=runos.invalid/local-path',
            `--service-account-name=${name}`,
          ],
          env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
          volumeMounts: [{ name: 'config', mountPath: '/etc/config' }],
          resources: { requests: { cpu: '10m', memory: '32Mi' } },
        },
      ],
      volumes: [{ name: 'config', configMap: { name: 'local-path-config' } }],
    }),
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'runos.invalid/local-path',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
  ];
}
