import { Metadata, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { type Envelope, envelopeBytes, type Refusal, refusalKey } from '@runos/agent-protocol';
import type { Pacer } from './pacer.js';

/** The gRPC status that goes with each refusal: what agents that do not know our words act on. */
export const statusOf = {
  'registration-refused': status.UNAUTHENTICATED,
  'certificate-unknown': status.UNAUTHENTICATED,
  'certificate-revoked': status.UNAUTHENTICATED,
  'agent-kind-mismatch': status.PERMISSION_DENIED,
  'request-invalid': status.INVALID_ARGUMENT,
  'stream-replaced': status.ABORTED,
  'rate-exceeded': status.RESOURCE_EXHAUSTED,
  'plane-busy': status.UNAVAILABLE,
  'plane-stopping': status.UNAVAILABLE,
} satisfies Record<Refusal, status>;

/** A refusal as gRPC sends it. */
export function refusalStatus(refusal: Refusal, details: string) {
  const metadata = new Metadata();
  metadata.set(refusalKey, refusal);
  return { code: statusOf[refusal], details, metadata };
}

/** What an agent does not read piles up here; beyond this many bytes it is no use to it any more. */
const maxUnreadBytes = 16 * 1024 * 1024;

export type OnEnvelope = (envelope: Envelope) => Promise<void>;

/** One stream, whatever is said on it: bounded in both directions, and over exactly once. */
export class AgentStream {
  /** Resolves with the reason when nothing can be said or heard any more. */
  readonly over: Promise<string>;
  #isOver = false;
  #unread = 0;
  #finish!: (reason: string) => void;

  constructor(
    private readonly call: ServerDuplexStream<Envelope, Envelope>,
    private readonly pacer: Pacer,
  ) {
    this.over = new Promise((resolve) => (this.#finish = resolve));
    call.on('end', () => {
      this.#close('the agent ended the stream');
      call.end();
    });
    call.on('cancelled', () => this.#close('the connection was lost'));
    call.on('close', () => this.#close('the connection was closed'));
    call.on('error', (error: Error) => this.#close(error.message));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Hands over what arrives, no faster than allowed and not too much at once. */
  listen(onEnvelope: OnEnvelope): void {
    this.call.on('data', (envelope: Envelope) => {
      if (this.#isOver) return;
      this.pacer.begin(this.call);
      void onEnvelope(envelope).finally(() => this.pacer.end(this.call));
    });
  }

  /** Does nothing once the stream is over. */
  send(envelope: Envelope): void {
    if (this.#isOver) return;
    const bytes = envelopeBytes(envelope);
    if (this.#unread + bytes > maxUnreadBytes) return this.refuse('plane-busy', 'too much is waiting to be read');
    this.#unread += bytes;
    this.call.write(envelope, () => (this.#unread -= bytes));
  }

  /** Ends it from this side with a reason the agent can act on. */
  refuse(refusal: Refusal, details: string): void {
    if (this.#isOver) return;
    this.#close(`refused: ${refusal}`);
    this.call.emit('error', refusalStatus(refusal, details));
  }

  #close(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.pacer.stop();
    this.#finish(reason);
  }
}
