import type { MessageHandler } from '@nestjs/microservices';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { RequestContract, ServiceName } from '@runos/contracts';
import { Fault, faultOf, unavailable } from '@runos/kernel';
import { currentTraceId, durations, inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import { type CallContext, systemActor } from './call-context.js';
import { checkInput } from './check-input.js';
import { nextEventLoopTurn } from './next-event-loop-turn.js';
import { InFlight } from './in-flight.js';
import { runHandler } from './run-handler.js';
import { addressingOf, decode, encode, header, toNats, traceCarrier } from './wire.js';

export interface RequestServerOptions {
  readonly service: ServiceName;
  readonly logger: Logger;
  /** Whether answers are checked against their contract too. */
  readonly checkAnswers: boolean;
  /** More questions than this at once are turned away with `unavailable`. */
  readonly maxInFlight?: number;
}

/** Answers the requests of contracts: checks the input, gives the handler its context, turns errors into faults. */
export class RequestServer {
  readonly #inFlight = new InFlight();
  readonly #inHand = new Set<string>();
  readonly #subscriptions: Subscription[] = [];
  readonly #duration = durations('rpc_server_call_duration_seconds');

  constructor(private readonly options: RequestServerOptions) {}

  listen(connection: NatsConnection, contract: RequestContract, handler: MessageHandler): void {
    const callback = (error: Error | null, message: Msg) => {
      if (error) return this.options.logger.error({ err: error, subject: contract.subject }, 'subscription refused');
      void this.#inFlight.run(() => this.#once(message, () => this.#answer(contract, handler, message)));
    };
    this.#subscriptions.push(connection.subscribe(contract.subject, { queue: contract.owner, callback }));
  }

  /** Takes no further requests; resolves when those it has are answered, at the latest after `ms`. */
  async drain(ms: number): Promise<void> {
    await Promise.allSettled(this.#subscriptions.splice(0).map((subscription) => subscription.drain()));
    await this.#inFlight.idle(ms);
  }

  /** Another try of what is in hand is let be: the first is answered shortly, and doing it again would only delay that. */
  async #once(message: Msg, answer: () => Promise<void>): Promise<void> {
    const id = message.headers?.get(header.request);
    if (!id) return answer();
    if (this.#inHand.has(id)) return;
    this.#inHand.add(id);
    try {
      await answer();
    } finally {
      this.#inHand.delete(id);
    }
  }

  async #answer(contract: RequestContract, handler: MessageHandler, message: Msg): Promise<void> {
    const started = performance.now();
    const { subject } = contract;
    const parent = traceOf(traceCarrier(message.headers));
    await inSpan(`answer ${subject}`, { kind: SpanKind.SERVER, parent }, async () => {
      let outcome = 'ok';
      try {
        if (this.#inFlight.count > (this.options.maxInFlight ?? 1_000)) throw unavailable(`${contract.owner} is busy.`);
        const answer = encode(await this.#work(contract, handler, message, started));
        await nextEventLoopTurn();
        message.respond(answer);
      } catch (error) {
        const fault = this.#faultFor(error, subject);
        outcome = fault.code;
        message.respond(encode(fault.toBody()), { headers: toNats({ [header.fault]: fault.code }) });
      }
      this.#duration.record(performance.now() - started, { rpc_method: subject, outcome });
    }).catch((error: unknown) => this.options.logger.error({ err: error, subject }, 'an answer could not be sent'));
  }

  async #work(contract: RequestContract, handler: MessageHandler, message: Msg, now: number): Promise<unknown> {
    const { tenant, actor, deadlineMs } = addressingOf(message.headers);
    if (contract.scope === 'tenant' && !tenant) {
      throw new Fault('request.invalid', `${contract.subject} was asked without a tenant`, {
        issues: [{ path: header.tenant, message: 'is missing' }],
      });
    }
    const context: CallContext = {
      tenant,
      actor: actor ?? systemActor(contract.owner),
      deadlineAt: now + (deadlineMs ?? contract.deadlineMs),
    };
    const answer = await runHandler(handler, checkInput(contract.input, decode(message.data)), context);
    if (this.options.checkAnswers) contract.output.parse(answer);
    return answer;
  }

  /** A bug or an outage is told to the log; the caller gets a dull sentence and the trace id to find it by. */
  #faultFor(error: unknown, subject: string): Fault {
    const fault = faultOf(error);
    if (fault !== undefined && fault.code !== 'internal') {
      if (fault.code === 'unavailable') this.options.logger.warn({ err: fault, subject }, 'could not answer now');
      return fault;
    }
    this.options.logger.error({ err: error, subject }, 'a request failed');
    const traceId = currentTraceId();
    return new Fault('internal', 'Something went wrong on our side.', traceId === undefined ? {} : { traceId });
  }
}
