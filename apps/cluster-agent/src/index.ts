export { ClusterAgent, type ClusterAgentOptions, clusterAccessOf } from './cluster-agent.js';
export { type ClusterAgentConfig, clusterAgentConfig } from './config.js';
