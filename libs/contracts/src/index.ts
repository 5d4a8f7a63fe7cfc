export { diagnosticContainer, type LogEntry, logEntryOverhead, maxLogReplyLength } from '@runos/agent-protocol';
export {
  Actor,
  event,
  type EventContract,
  Idempotency,
  type IfGeneration,
  type InputOf,
  type OutputOf,
  request,
  type RequestContract,
  type Scope,
  type ServiceName,
  serviceNames,
  WriteOptions,
} from './contract.js';
export { agentGateway, catalog, configSets, contracts, identity, jobs, reconciler } from './contracts.js';
export { Sizing } from './catalog/catalog.js';
export type { Credential, Principal } from './identity/identity.js';
export type { JobProgress } from './jobs/job-progress.js';
export type { AgentConnection, NodeRole } from './reconciler/agents.js';
export type { PlannableWrite } from './reconciler/plans.js';
export {
  inboxOf,
  type NatsUserName,
  type Permissions,
  permissionsOf,
  streamsPermissions,
  streamsUser,
} from './permissions.js';
export {
  consumerOf,
  consumersOf,
  type DurableConsumerName,
  isPlainSubscription,
  isStored,
  storedMessage,
  type StoredMessage,
  streamOf,
} from './streams.js';
