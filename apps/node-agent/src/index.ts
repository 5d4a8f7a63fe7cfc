export { startNodeAgent } from './node-agent.js';
export { type NodeAgentConfig, nodeAgentConfig, readConfig } from './config.js';
export { FileCredentials } from './state/file-credentials.js';
