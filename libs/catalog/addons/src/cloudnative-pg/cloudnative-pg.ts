import type { Addon } from '../addon.js';

const version = '1.27.0';
const group = 'postgresql.cnpg.io';
/** The branch of a minor version: `release-1.27`. */
const branch = `release-${version.split('.').slice(0, 2).join('.')}`;

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
  manifestUrl: `https://raw.githubusercontent.com/cloudnative-pg/cloudnative-pg/${branch}/releases/cnpg-${version}.yaml`,
};
