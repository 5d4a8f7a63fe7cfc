export { Actor } from './actor.js';
export { event, type EventContract, request, type RequestContract, type Scope } from './contract.js';
export { agentGateway, catalog, configSets, contracts, identity, jobs, reconciler } from './contracts.js';
export type { Sizing } from './catalog/catalog.js';
export type { Principal } from './identity/authentication.js';
export type { JobProgress } from './jobs/job-progress.js';
export type { Presence } from './reconciler/agents.js';
export { type ServiceName, serviceNames } from './service-name.js';
export { Idempotency, WriteOptions } from './written.js';
