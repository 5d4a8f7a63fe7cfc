import { AddonStatus, APPLY_ADDON, DELETE_ADDON } from './addon.js';
import {
  AgentHello,
  AmIVIPHolder,
  ClusterAgentHeartbeatToServer,
  Dns01ToServer,
  GetCachedCert,
  GetControlPlaneNodes,
  NodeAgentHeartbeatToServer,
  StoreCert,
  UpgradeNodeK8sLog,
} from './agent-reports.js';
import { APPLY_BUNDLE, BundleStatus, DELETE_BUNDLE, DIFF_BUNDLE, HOLD_DELETION, READ_BUNDLE } from './bundle.js';
import { CLOSE_LOGS, OPEN_LOGS, READ_LOGS } from './logs.js';
import { APPLY_NODE_TAGS } from './nodes.js';
import { RESYNC } from '../resync/resync.js';

/** Every message that the server sends to an agent. */
export const instructions = {
  APPLY_ADDON,
  APPLY_BUNDLE,
  APPLY_NODE_TAGS,
  CLOSE_LOGS,
  DELETE_ADDON,
  DELETE_BUNDLE,
  DIFF_BUNDLE,
  HOLD_DELETION,
  OPEN_LOGS,
  READ_BUNDLE,
  READ_LOGS,
} as const;

/** Every message that an agent sends to the server. A handler that is missing is a compile error. */
export const reports = {
  AddonStatus,
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
