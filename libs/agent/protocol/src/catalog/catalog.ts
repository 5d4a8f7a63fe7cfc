import { APPLY_BUNDLE, DELETE_BUNDLE, DIFF_BUNDLE } from './bundle-instructions.js';
import { BundleStatus } from './bundle-status.js';
import { Dns01ToServer, GetCachedCert, StoreCert } from './certificate-reports.js';
import { ClusterAgentHeartbeatToServer, NodeAgentHeartbeatToServer } from './heartbeats.js';
import { AgentHello } from './hello.js';
import { AmIVIPHolder, GetControlPlaneNodes, UpgradeNodeK8sLog } from './node-reports.js';
import { RESYNC } from './resync-report.js';

/** Everything the server can tell an agent of ours. */
export const instructions = { APPLY_BUNDLE, DELETE_BUNDLE, DIFF_BUNDLE } as const;

/** Everything an agent says to the server: closed, so that a handler left out does not compile. */
export const reports = {
  AgentHello,
  AmIVIPHolder,
  BundleStatus,
  ClusterAgentHeartbeatToServer,
  Dns01ToServer,
  GetCachedCert,
  GetControlPlaneNodes,
  NodeAgentHeartbeatToServer,
  RESYNC,
  StoreCert,
  UpgradeNodeK8sLog,
} as const;

export type InstructionType = keyof typeof instructions;
export type ReportType = keyof typeof reports;
