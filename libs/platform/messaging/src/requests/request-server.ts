import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { MessageHandler } from '@nestjs/microservices';
import type { RequestContract, ServiceName } from '@runos/contracts';
import { Fault, faultOf, internalError, unavailable } from '@runos/kernel';
import { BudgetedLog, currentTraceId, durations, inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import { contextOf, decode, encode, header, toNats, traceCarrier } from '../connection/wire.js';
import { runHandler } from '../service/handlers.js';
import { InFlightCounter } from '../service/in-flight-counter.js';
import { type CallContext, systemActor } from './call-context.js';
import { checkInput } from './check-input.js';
import { isInboxOf } from './reply-inbox.js';

export interface RequestServerOptions {
  readonly service: ServiceName;
  readonly logger: Logger;
  /** Whether replies are validated against their contract. */
  readonly checkReplies: boolean;
  /** More concurrent requests than this are rejected with `unavailable`. Default 1,000. */
  readonly maxInFlight?: number;
}

/** Of one tenant and subject: a caller may repeat a request that fails as fast as it is refused. */
const linesPerMinute = 600;

/** Longer names are cut in log lines, characters. Those of accounts have five. */
const maxTenantLength = 64;

/** Serves the requests of contracts: validates input, sets the call context, converts errors to faults. */
export class RequestServer {
  readonly #inFlight = new InFlightCounter();
  /** The last attempt of each request in flight, by the id of the request. */
  readonly #lastAttempts = new Map<string, Msg>();
  readonly #subscriptions: Subscription[] = [];
  readonly #duration = durations('rpc_server_call_duration_seconds');

  readonly #log: BudgetedLog;

  constructor(private readonly options: RequestServerOptions) {
    this.#log = new BudgetedLog(options.logger, linesPerMinute);
  }

  /** Subscribes to the subject of the contract. Each request is handled by one replica of the service. */
  listen(connection: NatsConnection, contract: RequestContract, handler: MessageHandler): void {
    const callback = (error: Error | null, message: Msg) => {
      const { logger } = this.options;
      const { subject, callers } = contract;
      if (error) return logger.error({ err: error, subject }, 'subscription refused');
      if (!isInboxOf(callers, message.reply)) {
        return this.#log.write({
          key: subject,
          sender: { subject },
          level: 'warn',
          fields: { reply: message.reply },
          message: 'refused a request: its reply is no inbox of a caller',
        });
      }
      void this.#inFlight.run(() =>
        this.#deduplicate(message, (last) => this.#respond(contract, handler, message, last)),
      );
    };
    this.#subscriptions.push(connection.subscribe(contract.subject, { queue: contract.owner, callback }));
  }

  /** Stops receiving requests; resolves when the running ones are done, at most after `ms`. */
  async drain(ms: number): Promise<void> {
    await Promise.allSettled(this.#subscriptions.splice(0).map((subscription) => subscription.drain()));
    await this.#inFlight.idle(ms);
    this.#log.end();
  }

  /**
   * Does the work of a request once, however often it is repeated meanwhile. The reply goes to the last attempt, because
   * the caller may have lost the connection on which it waited for an earlier one.
   */
  async #deduplicate(message: Msg, respond: (last: () => Msg) => Promise<void>): Promise<void> {
    const id = message.headers?.get(header.request);
    if (!id) return respond(() => message);
    const isRunning = this.#lastAttempts.has(id);
    this.#lastAttempts.set(id, message);
    if (isRunning) return;
    try {
      await respond(() => this.#lastAttempts.get(id) ?? message);
    } finally {
      this.#lastAttempts.delete(id);
    }
  }

  async #respond(contract: RequestContract, handler: MessageHandler, message: Msg, last: () => Msg): Promise<void> {
    const started = performance.now();
    const { subject } = contract;
    const parent = traceOf(traceCarrier(message.headers));
    await inSpan(`respond ${subject}`, { kind: SpanKind.SERVER, parent }, async () => {
      let outcome = 'ok';
      try {
        if (this.#inFlight.count > (this.options.maxInFlight ?? 1_000)) throw unavailable(`${contract.owner} is busy.`);
        const reply = encode(await this.#handle(contract, handler, message, started));
        await nextEventLoopTick();
        last().respond(reply);
      } catch (error) {
        const fault = this.#faultFor(error, message);
        outcome = fault.code;
        last().respond(encode(fault.toBody()), { headers: toNats({ [header.fault]: fault.code }) });
      }
      this.#duration.record(performance.now() - started, { rpc_method: subject, outcome });
    }).catch((error: unknown) => this.options.logger.error({ err: error, subject }, 'reply not sent'));
  }

  async #handle(contract: RequestContract, handler: MessageHandler, message: Msg, now: number): Promise<unknown> {
    const { tenant, actor, deadlineMs } = contextOf(message.headers);
    if (contract.scope === 'tenant' && !tenant) {
      throw new Fault('request.invalid', `${contract.subject} needs a tenant`, {
        issues: [{ path: header.tenant, message: 'is missing' }],
      });
    }
    const context: CallContext = {
      tenant,
      actor: actor ?? systemActor(contract.owner),
      deadlineAt: now + (deadlineMs ?? contract.deadlineMs),
    };
    const reply = await runHandler(handler, checkInput(contract.input, decode(message.data)), context);
    if (this.options.checkReplies) contract.output.parse(reply);
    return reply;
  }

  /** Logs bugs and outages; the caller gets a generic message and the trace id. */
  #faultFor(error: unknown, message: Msg): Fault {
    const fault = faultOf(error);
    if (fault !== undefined && fault.code !== 'internal') {
      if (fault.code === 'unavailable') this.#write('warn', fault, message, 'request handler is unavailable');
      return fault;
    }
    this.#write('error', error, message, 'request handler failed');
    const traceId = currentTraceId();
    return internalError(traceId === undefined ? {} : { traceId });
  }

  #write(level: 'warn' | 'error', err: unknown, { subject, headers }: Msg, message: string): void {
    const tenant = headers?.get(header.tenant).slice(0, maxTenantLength);
    const sender = tenant ? { tenant } : {};
    this.#log.write({ key: `${subject} ${tenant ?? ''}`, sender, level, fields: { err, subject }, message });
  }
}

let pending: Promise<void> | undefined;

/**
 * Resolves after the current events of the event loop, for all waiting callers at once. Their messages then leave in one
 * socket write, which is the most expensive part of a reply.
 */
export function nextEventLoopTick(): Promise<void> {
  return (pending ??= new Promise((resolve) =>
    setImmediate(() => {
      pending = undefined;
      resolve();
    }),
  ));
}
