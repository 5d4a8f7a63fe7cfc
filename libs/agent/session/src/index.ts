export { AgentSession } from './agent-session.js';
export { agentSettings } from './agent-settings.js';
export {
  type AgentCredentials,
  type CertificateFacts,
  certificateFacts,
  type CredentialStore,
} from './credentials/agent-credentials.js';
export type { RegisterTrust } from './registration/register-trust.js';
export type { ServerAddress } from './registration/server-address.js';
export type { Heartbeat, SessionTiming, SessionOptions } from './session-options.js';
export type { InstructionHandlers } from './stream/live-stream.js';
