export { agentClient, type AgentCredentials, issueAgentCredentials, TestAgent } from './agents/test-agent.js';
export { kept, withOneReplica, withoutDeletion } from './admission.js';
export { ApiClient } from './api-client.js';
export { type PlaneInfo, readDataFile, readPlaneInfo, withSql } from './plane-data.js';
export { eventually } from './eventually.js';
export { valueAt } from './value-at.js';
export { Plane, unlimited } from './plane.js';
export { recorderOf, recordSecret } from './secrets/response-recorder.js';
export { type Instance, PlaneClient } from './plane-client.js';
