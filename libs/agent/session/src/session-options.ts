import type { AgentHello, AgentKind, BodyOf, ReplyOf, Report } from '@runos/agent-protocol';
import type { Clock, Random } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import type { CredentialStore } from './credentials/agent-credentials.js';
import type { Message } from './outbox/outbox.js';
import type { RegisterTrust } from './registration/register-trust.js';
import type { ServerAddress } from './registration/server-address.js';
import type { InstructionHandlers } from './stream/live-stream.js';

export interface Heartbeat {
  readonly report: Report;
  readonly body: unknown;
}

export interface SessionOptions {
  readonly kind: AgentKind;
  readonly server: ServerAddress;
  readonly trust: RegisterTrust;
  readonly aid: string;
  /** Single use; needed only while there is no certificate. */
  readonly token?: string;
  readonly machineId: string;
  readonly os: string;
  readonly store: CredentialStore;
  readonly logger: Logger;
  /** What the agent says of itself at the beginning of every stream. */
  readonly hello: () => Promise<BodyOf<typeof AgentHello>>;
  readonly heartbeat: () => Promise<Heartbeat>;
  readonly handlers?: InstructionHandlers;
  /** The server has answered the hello: questions can be asked. Called once per stream. */
  readonly onConnected?: (answer: ReplyOf<typeof AgentHello>) => void;
  readonly onDisconnected?: (problem: string) => void;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly timing?: Partial<SessionTiming>;
}

/** What may be said of a message that is posted. */
export type PostOptions = Partial<Pick<Message, 'final' | 'acknowledged' | 'trace'>>;

/** Milliseconds; the defaults suit the field, tests are in a hurry. */
export interface SessionTiming {
  readonly heartbeatMs: number;
  readonly heartbeatAnswerMs: number;
  /** First and longest wait between dials that fail. */
  readonly redialFirstMs: number;
  readonly redialMaxMs: number;
  /** How long to wait when only a person can help. */
  readonly waitForChangeMs: number;
  /** A stream that lived this long was a good one: the back-off starts anew. */
  readonly steadyMs: number;
}
