import { operations } from '../operations.js';

/** Routes of the gateway beside the operations. */
const gatewayRoutes = ['livez', 'readyz', 'metrics', 'openapi.json', 'schemas', 'install'];

/** First segments of planned routes without an account: an aid must not equal one of them. */
const plannedRoots = ['account', 'app-info', 'auth', 'cli', 'notify', 'service-info', 'user'];

/** Planned collections of an account or of a cluster: a cid must not equal one of them. */
const plannedCollections = [
  'api-keys',
  'apps',
  'audit',
  'ca.pem',
  'cluster-domains',
  'clusters',
  'config',
  'config-sets',
  'domains',
  'events',
  'identity-providers',
  'integrations',
  'invitations',
  'jobs',
  'members',
  'modules',
  'node-agent-version',
  'node-teardowns',
  'nodes',
  'notify-keys',
  'prepare-cli-deployment',
  'procedures',
  'profile',
  'registries',
  'services',
  'sessions',
  'settings',
  'system-config',
  'tags',
  'upgrades',
  'virt',
  'vm-usage',
  'vpn',
];

const literalSegmentsOf = (path: string): string[] =>
  path.split('/').filter((segment) => segment !== '' && !segment.startsWith(':'));

/**
 * Words that no aid and no cid may equal: the literal path segments of every operation, of the gateway's own routes
 * and of planned routes. Ids never change, so words of planned routes are reserved before the routes exist.
 */
export const reservedWords: ReadonlySet<string> = new Set([
  ...operations.flatMap(({ path }) => literalSegmentsOf(path)),
  ...gatewayRoutes,
  ...plannedRoots,
  ...plannedCollections,
]);
