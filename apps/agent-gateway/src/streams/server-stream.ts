import type { ServerDuplexStream } from '@grpc/grpc-js';
import { type Envelope, envelopeBytes, type RefusalCode } from '@runos/agent-protocol';
import { refusalStatus } from '../grpc/call-refusal.js';
import { FlowControl, type ReceiveBudget } from './flow-control.js';

/** A longer reply counts like any other message. Replies with log lines are shorter. */
const maxFreeReplyBytes = 512 * 1024;

/** Bytes that wait for a slow reader. An agent that is further behind than this must reconnect and resync. */
const maxBufferedBytes = 16 * 1024 * 1024;

export type OnEnvelope = (envelope: Envelope) => Promise<void>;

/** What a stream does with the messages of its agent. */
export interface EnvelopeReceiver {
  readonly handle: OnEnvelope;
  /** Whether an instruction waits for the message. */
  readonly isAwaited: (envelope: Envelope) => boolean;
}

/** The server side of one stream of an agent, bounded in both directions. It closes exactly once. */
export class ServerStream {
  /** Resolves with the reason when the stream is closed. */
  readonly closed: Promise<string>;
  #isClosed = false;
  #bufferedBytes = 0;
  #flowControl: FlowControl | undefined;
  #resolveClosed!: (reason: string) => void;

  constructor(private readonly call: ServerDuplexStream<Envelope, Envelope>) {
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    call.on('end', () => {
      this.#close('the agent ended the stream');
      call.end();
    });
    call.on('cancelled', () => this.#close('the connection was lost'));
    call.on('close', () => this.#close('the connection was closed'));
    call.on('error', (error: Error) => this.#close(error.message));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Starts reading, unless the stream has closed meanwhile. The budget is that of the sender named by `key`. */
  onEnvelope({ handle, isAwaited }: EnvelopeReceiver, budget: ReceiveBudget, key: string): void {
    if (this.#isClosed) return;
    const flowControl = new FlowControl(this.call, budget, key);
    this.#flowControl = flowControl;
    this.call.on('data', (envelope: Envelope) => {
      if (this.#isClosed) return;
      const bytes = envelopeBytes(envelope);
      if (bytes <= maxFreeReplyBytes && isAwaited(envelope)) flowControl.beginReply();
      else flowControl.begin(bytes);
      void handle(envelope).finally(() => flowControl.end());
    });
  }

  /** Does nothing when the stream is closed. */
  send(envelope: Envelope): void {
    if (this.#isClosed) return;
    const bytes = envelopeBytes(envelope);
    if (this.#bufferedBytes + bytes > maxBufferedBytes)
      return this.refuse('plane-busy', 'the agent reads too slowly: too much data is buffered');
    this.#bufferedBytes += bytes;
    this.call.write(envelope, () => (this.#bufferedBytes -= bytes));
  }

  /** Closes the stream with a code that the agent can act on. */
  refuse(code: RefusalCode, details: string): void {
    if (this.#isClosed) return;
    this.#close(`refused: ${code}`);
    this.call.emit('error', refusalStatus(code, details));
  }

  #close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#flowControl?.stop();
    this.#resolveClosed(reason);
  }
}
