export {
  APPLY_BUNDLE,
  type Bundle,
  bundle,
  DELETE_BUNDLE,
  DIFF_BUNDLE,
  driftPolicies,
  type DriftPolicy,
} from './catalog/bundle-instructions.js';
export { bundlePhases, BundleStatus, drift, driftActions, objectState, objectStates } from './catalog/bundle-status.js';
export {
  AgentHello,
  bundlesCapability,
  ClusterAgentHeartbeatToServer,
  NodeAgentHeartbeatToServer,
  nodeStatuses,
} from './catalog/agent-reports.js';
export { instructions, type InstructionType, reports, type ReportType } from './catalog/catalog.js';
export { Dns01ToServer, GetCachedCert, StoreCert } from './catalog/certificate-reports.js';
export { objectRef } from './catalog/field.js';
export type { BodyOf, InputOf, Instruction, ReadBodyOf, ReadInputOf, ReplyOf, Report } from './catalog/message.js';
export { AmIVIPHolder, GetControlPlaneNodes, UpgradeNodeK8sLog } from './catalog/node-reports.js';
export { bucketCount, RESYNC, type ResyncEntry, resyncEntry } from './catalog/resync-report.js';
export { errorEnvelope, errorIn, errorType } from './envelope/agent-error.js';
export {
  instructionEnvelope,
  type Read,
  type ReadInstruction,
  readInstruction,
  type ReadReply,
  readReply,
  type ReadReport,
  readReport,
  replyEnvelope,
  reportEnvelope,
} from './envelope/codec.js';
export { decodeJson, encodeJson, type Envelope, envelopeBytes } from './envelope/envelope.js';
export { AgentIdentity } from './identity/agent-identity.js';
export { type ResyncPage, resyncPages } from './resync/pages.js';
export { bucketHashes, bucketOf, differingBuckets, rootOf, tombstoneDigest } from './resync/root.js';
export { callUnary, openStream } from './wire/call.js';
export {
  heartbeatIntervalMs,
  heartbeatReplyTimeoutMs,
  maxFromAgentBytes,
  maxResyncBytes,
  maxToAgentBytes,
  staleAfterMs,
} from './wire/limits.js';
export { type RefusalCode, refusalMetadataKey, refusalCodeOf, refusalCodes } from './wire/refusal-code.js';
export { protoOptions, protoPath, registerService, streamService } from './wire/services.js';
export type {
  AddNodelogRequest,
  AgentKind,
  Credentials,
  InstallCommand,
  NodeRegistrationRequest,
  NodeRegistrationResponse,
  RegisterService,
  StreamService,
  VpnPeer,
} from './wire/service-types.js';
