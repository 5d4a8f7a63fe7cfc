export { accessOf, ClusterAgent, type ClusterAgentOptions } from './cluster-agent.js';
export { type ClusterAgentConfig, clusterAgentConfig } from './cluster-agent-config.js';
export { Executor, type ExecutorOptions } from './executor.js';
export type { Uplink } from './status/uplink.js';
