import { randomUUID } from 'node:crypto';
import { type Msg, type MsgHdrs, type NatsConnection, NoRespondersError, TimeoutError } from '@nats-io/transport-node';
import { inboxOf, type ServiceName } from '@runos/contracts';

export interface InboxRequestOptions {
  /** ms */
  readonly timeout: number;
  readonly headers: MsgHdrs;
}

/** Whether a reply subject is in the inbox of one of these services. A handler replies to no other subject. */
export const isInboxOf = (callers: readonly ServiceName[], reply = ''): boolean =>
  callers.some((caller) => reply.startsWith(`${inboxOf(caller)}.`));

/**
 * Sends requests and receives their replies, over one subscription per connection. Every service that responds to this
 * one may publish to its inbox. So a reply subject holds a random UUID, which only the responder of that request learns.
 * The tokens of the library are not cryptographically random: a responder could predict those of later requests.
 */
export class ReplyInbox {
  readonly #prefix: string;
  readonly #pending = new Map<string, (reply: Msg | Error) => void>();

  constructor(
    private readonly connection: NatsConnection,
    service: ServiceName,
  ) {
    this.#prefix = `${inboxOf(service)}.${randomUUID()}.`;
    // A stored event that JetStream delivers to this inbox keeps its own subject, so it is the reply to no request.
    const callback = (error: Error | null, message: Msg) =>
      error === null ? this.#pending.get(message.subject)?.(message) : this.#failAll(error);
    connection.subscribe(`${this.#prefix}*`, { callback });
    void connection.closed().then((error) => this.#failAll(error ?? new Error('the connection was closed')));
  }

  /** @throws TimeoutError, NoRespondersError; Error when the message is larger than NATS accepts */
  request(subject: string, body: Uint8Array, { timeout, headers }: InboxRequestOptions): Promise<Msg> {
    const reply = `${this.#prefix}${randomUUID()}`;
    return new Promise((resolve, reject) => {
      const settle = (outcome: Msg | Error) => {
        clearTimeout(timer);
        this.#pending.delete(reply);
        if (outcome instanceof Error) reject(outcome);
        else if (isNoRespondersStatus(outcome)) reject(new NoRespondersError(subject));
        else resolve(outcome);
      };
      const timer = setTimeout(() => settle(new TimeoutError()), timeout);
      this.#pending.set(reply, settle);
      try {
        this.connection.publish(subject, body, { reply, headers });
      } catch (error) {
        settle(error as Error);
      }
    });
  }

  #failAll(error: Error): void {
    for (const settle of [...this.#pending.values()]) settle(error);
  }
}

const isNoRespondersStatus = ({ data, headers }: Msg): boolean => data.length === 0 && headers?.code === 503;
