import {
  bundlesCapability,
  kindsCapability,
  logsCapability,
  nodeTagsCapability,
  plansCapability,
  writersCapability,
} from '@runos/agent-protocol';

/** What every cluster agent of this version can do. */
export const agentCapabilities = [
  bundlesCapability,
  kindsCapability,
  writersCapability,
  plansCapability,
  logsCapability,
  nodeTagsCapability,
];
