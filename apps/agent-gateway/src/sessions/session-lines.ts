import { type Refusal } from '@runos/agent-protocol';
import { Fault, type FaultBody, faultOf } from '@runos/kernel';
import { isNoResponders, type NatsConnector } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import type { InstructionOutcome } from '../streams/live-agent.js';
import { decodeOrder, encodeOrder, endOrder, type SessionOrder, sessionOrder, subjectOf } from './session-subject.js';

type Answer = InstructionOutcome | { readonly fault: FaultBody };

/** A subscription is in place at the server within this time, or a little later: nobody waits for ever. */
const flushMs = 1_000;
/** A connection that blinks is waited for this long, ms. */
const blinkMs = 300;

export type OrderHandler = (order: SessionOrder) => Promise<InstructionOutcome | undefined>;

/** The lines between replicas: one subject per session, without a queue, so that only its holder hears it. */
export class SessionLines {
  constructor(
    private readonly link: NatsConnector,
    private readonly logger: Logger,
  ) {}

  /** Hears the orders for a session until the answered function is called. */
  async open(sessionNo: number, handle: OrderHandler): Promise<() => void> {
    const connection = await this.link.connection();
    const subscription = connection.subscribe(subjectOf(sessionNo), {
      callback: (error, message) => {
        if (error) return this.logger.error({ err: error, sessionNo }, 'the line of a session is refused');
        void this.#answer(message.data, handle).then((answer) => {
          if (message.reply && answer !== undefined) message.respond(encodeOrder(answer));
        });
      },
    });
    const flushed = connection.flush().catch((error: unknown) => {
      this.logger.warn({ err: error, sessionNo }, 'the line of a session comes with the next connection');
    });
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([flushed, new Promise((resolve) => (timer = setTimeout(resolve, flushMs)))]);
    clearTimeout(timer);
    return () => subscription.unsubscribe();
  }

  /** Undefined when nobody holds that session. @throws Fault of the holder; `unavailable` without NATS */
  async ask(sessionNo: number, order: SessionOrder, timeoutMs: number): Promise<InstructionOutcome | undefined> {
    const connection = await this.link.ready(blinkMs);
    let answer: Answer;
    try {
      const reply = await connection.request(subjectOf(sessionNo), encodeOrder(order), { timeout: timeoutMs });
      answer = decodeOrder(reply.data) as Answer;
    } catch (error) {
      if (isNoResponders(error)) return undefined;
      return { outcome: 'unknown' };
    }
    if ('fault' in answer) throw Fault.fromBody(answer.fault);
    return answer;
  }

  /** Tells whoever holds these sessions to end them. A message that is lost is made up for by the holder's next look. */
  async end(sessionNos: readonly number[], refusal: Refusal, details: string): Promise<void> {
    if (sessionNos.length === 0) return;
    try {
      const connection = await this.link.ready(blinkMs);
      for (const no of sessionNos) connection.publish(subjectOf(no), encodeOrder(endOrder(refusal, details)));
    } catch (error) {
      this.logger.warn({ err: error, sessionNos }, 'sessions will be ended a little later');
    }
  }

  async #answer(data: Uint8Array, handle: OrderHandler): Promise<Answer | undefined> {
    try {
      return await handle(sessionOrder.parse(decodeOrder(data)));
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) this.logger.error({ err: error }, 'an order to a session failed');
      return { fault: (fault ?? new Fault('internal', 'Something went wrong on our side.')).toBody() };
    }
  }
}
