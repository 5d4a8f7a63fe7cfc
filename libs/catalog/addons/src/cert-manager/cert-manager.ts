import type { Addon } from '../addon.js';

const version = '1.19.2';
const folder = `https://raw.githubusercontent.com/cert-manager/cert-manager/v${version}/deploy/crds`;

const definitions = [
  { group: 'cert-manager.io', plural: 'certificaterequests' },
  { group: 'cert-manager.io', plural: 'certificates' },
  { group: 'acme.cert-manager.io', plural: 'challenges' },
  { group: 'cert-manager.io', plural: 'clusterissuers' },
  { group: 'cert-manager.io', plural: 'issuers' },
  { group: 'acme.cert-manager.io', plural: 'orders' },
];

/** The kinds of cert-manager. Its controller is not part of the add-on. Its releases label the CRDs with the version. */
export const certManager: Addon = {
  name: 'cert-manager',
  title: 'cert-manager CRDs',
  version,
  crds: definitions.map(({ group, plural }) => `${plural}.${group}`),
  recognition: { crd: 'certificates.cert-manager.io', image: '', versionKey: 'app.kubernetes.io/version' },
  manifestUrls: definitions.map(({ group, plural }) => `${folder}/${group}_${plural}.yaml`),
  earlierManifestUrls: [],
};
