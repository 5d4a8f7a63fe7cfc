export { startNodeAgent } from './node-agent.js';
export { type NodeAgentConfig, nodeAgentConfig, readConfig } from './node-agent-config.js';
export { FileCredentials } from './state/file-credentials.js';
