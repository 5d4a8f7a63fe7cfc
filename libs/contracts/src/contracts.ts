import * as agentGatewayRequests from './agent-gateway/agent-gateway.js';
import * as openLogs from './agent-gateway/logs.js';
import * as catalog from './catalog/catalog.js';
import * as configSets from './config-sets/config-sets.js';
import type { EventContract, RequestContract } from './contract.js';
import * as identity from './identity/identity.js';
import * as jobProgress from './jobs/job-progress.js';
import * as jobs from './jobs/jobs.js';
import * as agents from './reconciler/agents.js';
import * as clusters from './reconciler/clusters.js';
import * as environment from './reconciler/environment.js';
import * as instances from './reconciler/instances.js';
import * as links from './reconciler/links.js';
import * as overrides from './reconciler/overrides.js';
import type { PlannableWrite } from './reconciler/plans.js';
import * as logs from './reconciler/logs.js';
import * as registries from './reconciler/registries.js';
import * as revisions from './reconciler/revisions.js';
import * as upgrades from './reconciler/upgrades.js';

export const reconciler = {
  ...clusters,
  ...instances,
  ...environment,
  ...links,
  ...overrides,
  ...logs,
  ...revisions,
  ...registries,
  ...upgrades,
  ...agents,
  ...jobProgress,
};
export const agentGateway = { ...agentGatewayRequests, ...openLogs };
export { catalog, configSets, identity, jobs };

const isContract = (value: unknown): value is RequestContract | EventContract =>
  typeof value === 'object' && value !== null && 'subject' in value && 'owner' in value;

/** All requests and events of the control plane. NATS permissions and streams derive from this list. */
export const contracts: readonly (RequestContract | EventContract)[] = [
  identity,
  catalog,
  configSets,
  jobs,
  reconciler,
  agentGateway,
].flatMap((context) =>
  Object.values(context)
    .filter(isContract)
    .flatMap((each) => ('plan' in each ? [each, (each as PlannableWrite).plan] : [each])),
);
