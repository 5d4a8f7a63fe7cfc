import type { Image, Renderer, RenderInput } from '@runos/catalog-model';
import {
  credentialsSecret,
  credentialsSecretName,
  hostOf,
  imageReference,
  labelsOf,
  namespaceOf,
  owned,
  resourcesOf,
  restartAnnotation,
  storageClassOf,
  volumeSizeOf,
} from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';

/** The initial database of every instance, and its owner. */
export const application = { username: 'app', database: 'app', port: 5432 } as const;

const image = (tag: string): Image => ({ registry: 'ghcr.io', repository: 'cloudnative-pg/postgresql', tag });
const images = { '16': image('16.14'), '17': image('17.10'), '18': image('18.6') };

function storage(input: RenderInput) {
  const storageClass = storageClassOf(input);
  return {
    size: volumeSizeOf(input),
    resizeInUseVolumes: true,
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

const sorted = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

function cluster(input: RenderInput): KubeObject {
  const { osid, configValues } = input;
  const spec = {
    instances: input.replicas,
    imageName: imageReference(images[input.version as keyof typeof images], input.imageRegistry),
    imagePullPolicy: 'IfNotPresent',
    enableSuperuserAccess: false,
    primaryUpdateStrategy: 'unsupervised',
    primaryUpdateMethod: 'restart',
    bootstrap: {
      initdb: {
        database: application.database,
        owner: application.username,
        encoding: 'UTF8',
        dataChecksums: true,
        secret: { name: credentialsSecretName(osid) },
      },
    },
    certificates: { serverAltDNSNames: [hostOf(input)] },
    ...(Object.keys(configValues).length === 0 ? {} : { postgresql: { parameters: sorted(configValues) } }),
    resources: resourcesOf(input),
    storage: storage(input),
    inheritedMetadata: { labels: labelsOf(input) },
  };
  return owned(input, 'postgresql.cnpg.io/v1', 'Cluster', osid, { spec }, restartAnnotation(input.restartedAt));
}

/** The operator creates all other objects: pods, claims, the Services `<osid>-rw`, `-ro` and `-r`, certificates. */
export const v1: Renderer = {
  images,
  render: (input) => [
    namespaceOf(input),
    credentialsSecret(input, { username: application.username, password: input.secrets.password ?? '' }),
    cluster(input),
  ],
};
