import type { Addon } from '../addon.js';

const version = '1.27.0';
const group = 'postgresql.cnpg.io';
const earlierVersions = ['1.26.1'];

/** Each minor version has a branch: `release-1.27`. */
const manifestUrlOf = (release: string): string => {
  const branch = `release-${release.split('.').slice(0, 2).join('.')}`;
  return `https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/${branch}/releases/cnpg-${release}.yaml`;
};

/** The operator of PostgreSQL. */
export const cloudNativePg: Addon = {
  name: 'cloudnative-pg',
  title: 'CloudNativePG',
  version,
  crds: [
    'backups',
    'clusterimagecatalogs',
    'clusters',
    'databases',
    'failoverquorums',
    'imagecatalogs',
    'poolers',
    'publications',
    'scheduledbackups',
    'subscriptions',
  ].map((plural) => `${plural}.${group}`),
  recognition: { crd: `clusters.${group}`, image: 'cloudnative-pg/cloudnative-pg' },
  manifestUrls: [manifestUrlOf(version)],
  earlierManifestUrls: earlierVersions.map(manifestUrlOf),
};
