export { AgentSession } from './agent-session.js';
export { agentSettings } from './agent-settings.js';
export {
  type AgentCredentials,
  type CertificateFacts,
  certificateFacts,
  type CredentialStore,
} from './credentials/agent-credentials.js';
export type { RegisterTrust } from './registration/register.js';
export type { Heartbeat, SessionTiming, SessionOptions } from './session-options.js';
export type { InstructionHandlers } from './stream/agent-stream.js';
export type { ServerAddress } from './stream/dial.js';
