import * as accounts from './accounts/account-operations.js';
import * as addons from './addons/addon-operations.js';
import * as apps from './apps/app-operations.js';
import * as appRevisions from './apps/app-revision-operations.js';
import * as environment from './apps/environment-operations.js';
import * as links from './apps/link-operations.js';
import * as apiKeys from './api-keys/api-key-operations.js';
import * as clusters from './clusters/cluster-operations.js';
import * as commands from './commands/command-operations.js';
import * as configSets from './config-sets/config-set-operations.js';
import * as jobs from './jobs/job-operations.js';
import * as logs from './logs/log-operations.js';
import * as nodes from './nodes/node-operations.js';
import type { Operation } from './operation/operation.js';
import * as plans from './plans/plan-operations.js';
import * as overrides from './overrides/override-operations.js';
import * as registries from './registries/registry-operations.js';
import * as serviceInfo from './service-info/service-info-operations.js';
import * as configuration from './services/configuration-operations.js';
import * as revisions from './services/revision-operations.js';
import * as services from './services/service-operations.js';
import * as sessions from './sessions/session-operations.js';
import * as topics from './topics/topic-operations.js';
import * as upgrades from './upgrades/upgrade-operations.js';

const isOperation = (value: unknown): value is Operation =>
  typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'access' in value;

const nouns = [
  sessions,
  accounts,
  apiKeys,
  clusters,
  addons,
  nodes,
  apps,
  environment,
  links,
  appRevisions,
  services,
  logs,
  configuration,
  revisions,
  plans,
  overrides,
  registries,
  upgrades,
  serviceInfo,
  configSets,
  jobs,
  commands,
  topics,
] as const;

/** Every public operation. An operation exported by the file of its noun is included. */
export const operations: readonly Operation[] = nouns.flatMap((noun) => Object.values(noun).filter(isOperation));

type ValueOf<T> = T extends unknown ? T[keyof T] : never;

/** The id of every public operation. `Record<OperationId, …>` makes the compiler report a missing operation. */
export type OperationId = Extract<ValueOf<(typeof nouns)[number]>, { readonly method: unknown }>['id'];

/** The id of every plan: its input is that of the write which it names. */
export type PlanId = ValueOf<typeof plans>['id'];
