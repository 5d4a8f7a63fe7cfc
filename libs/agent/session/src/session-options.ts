import type { AgentHello, BodyOf, ReplyOf, Report } from '@runos/agent-protocol';
import type { Clock, Random } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import type { CredentialStore } from './credentials/agent-credentials.js';
import type { Message } from './outbox/outbox.js';
import type { RegisteringAgent, RegisterTrust } from './registration/register.js';
import type { InstructionHandlers } from './stream/agent-stream.js';
import type { ServerAddress } from './stream/dial.js';

export interface Heartbeat {
  readonly report: Report;
  readonly body: unknown;
}

export interface SessionOptions extends RegisteringAgent {
  readonly server: ServerAddress;
  readonly trust: RegisterTrust;
  /** Works once; needed only while there is no certificate. */
  readonly token?: string;
  readonly store: CredentialStore;
  readonly logger: Logger;
  /** The first message of every stream. */
  readonly hello: () => Promise<BodyOf<typeof AgentHello>>;
  readonly heartbeat: () => Promise<Heartbeat>;
  readonly handlers?: InstructionHandlers;
  /** Called once per stream, after the reply to the hello. */
  readonly onConnected?: (reply: ReplyOf<typeof AgentHello>) => void;
  readonly onDisconnected?: (problem: string) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timing?: Partial<SessionTiming>;
}

/** The optional properties of a message that is posted. */
export type PostOptions = Partial<Pick<Message, 'final' | 'acknowledged' | 'trace'>>;

/** Milliseconds. The defaults suit production; tests use shorter times. */
export interface SessionTiming {
  readonly heartbeatMs: number;
  readonly heartbeatReplyTimeoutMs: number;
  /** The first and the longest delay after a failed dial. */
  readonly redialFirstMs: number;
  readonly redialMaxMs: number;
  /** The delay when only a user can help. */
  readonly waitForChangeMs: number;
  /** A stream that was open for this long resets the back-off. */
  readonly backoffResetMs: number;
}
