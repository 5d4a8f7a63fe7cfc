export {
  APPLY_BUNDLE,
  type Bundle,
  bundle,
  bundlePhases,
  BundleStatus,
  DELETE_BUNDLE,
  DIFF_BUNDLE,
  drift,
  driftActions,
  driftPolicies,
  type DriftPolicy,
  objectState,
  objectStates,
} from './catalog/bundle.js';
export {
  AgentHello,
  AmIVIPHolder,
  bundlesCapability,
  kindsCapability,
  ClusterAgentHeartbeatToServer,
  Dns01ToServer,
  GetCachedCert,
  GetControlPlaneNodes,
  NodeAgentHeartbeatToServer,
  nodeStatuses,
  StoreCert,
  UpgradeNodeK8sLog,
} from './catalog/agent-reports.js';
export { type AddonRecognition, AddonStatus, type DetectedAddon, imageTag } from './catalog/addon-status.js';
export { instructions, type InstructionType, reports, type ReportType } from './catalog/catalog.js';
export {
  type BodyOf,
  type InputOf,
  type Instruction,
  objectRef,
  type ReadBodyOf,
  type ReadInputOf,
  type ReplyOf,
  type Report,
} from './catalog/message.js';
export {
  bucketCount,
  bucketHashes,
  bucketOf,
  differingBuckets,
  RESYNC,
  type ResyncEntry,
  resyncEntry,
  type ResyncPage,
  resyncPages,
  rootOf,
  tombstoneDigest,
} from './resync/resync.js';
export {
  decodeJson,
  encodeJson,
  type Envelope,
  envelopeBytes,
  errorEnvelope,
  errorIn,
  errorType,
} from './envelope/envelope.js';
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
export { AgentIdentity } from './identity/agent-identity.js';
export {
  callUnary,
  openStream,
  type RefusalCode,
  refusalCodeOf,
  refusalCodes,
  refusalMetadataKey,
} from './wire/call.js';
export {
  heartbeatIntervalMs,
  heartbeatReplyTimeoutMs,
  maxFromAgentBytes,
  maxResyncBytes,
  maxToAgentBytes,
  staleAfterMs,
} from './wire/limits.js';
export {
  type AddNodelogRequest,
  type AgentKind,
  type Credentials,
  type InstallCommand,
  type NodeRegistrationRequest,
  type NodeRegistrationResponse,
  protoOptions,
  protoPath,
  registerService,
  type RegisterService,
  streamService,
  type StreamService,
  type VpnPeer,
} from './wire/services.js';
