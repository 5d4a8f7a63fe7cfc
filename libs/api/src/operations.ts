import * as accounts from './accounts/account-operations.js';
import * as apiKeys from './api-keys/api-key-operations.js';
import * as clusters from './clusters/cluster-operations.js';
import * as configSets from './config-sets/config-set-operations.js';
import * as jobs from './jobs/job-operations.js';
import * as nodes from './nodes/node-operations.js';
import type { Operation } from './operation.js';
import * as serviceInfo from './service-info/service-info-operations.js';
import * as services from './services/service-operations.js';
import * as sessions from './sessions/session-operations.js';

const isOperation = (value: unknown): value is Operation =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'access' in value;

const nouns = [sessions, accounts, apiKeys, clusters, nodes, services, serviceInfo, configSets, jobs] as const;

/** Every public operation; adding one to its noun's file is enough. */
export const operations: readonly Operation[] = nouns.flatMap((noun) => Object.values(noun).filter(isOperation));

type ValueOf<T> = T extends unknown ? T[keyof T] : never;

/** The id of every public operation: what is told per operation is told by it, so that nothing is left out. */
export type OperationId = Extract<ValueOf<(typeof nouns)[number]>, { readonly method: unknown }>['id'];

/**
 * Literal path segments of the public routes: no aid and no cid may read like one of them.
 * `notify` and `cli` are reserved ahead of their routes, since ids never change.
 */
export const literalSegments: ReadonlySet<string> = new Set(
  [...operations.map(({ path }) => path), '/livez', '/readyz', '/metrics', '/openapi.json', '/notify', '/cli']
    .flatMap((path) => path.split('/'))
    .filter((segment) => segment !== '' && !segment.startsWith(':')),
);
