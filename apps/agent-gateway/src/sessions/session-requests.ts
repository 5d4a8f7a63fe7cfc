import { Injectable } from '@nestjs/common';
import { type RefusalCode, refusalCodes } from '@runos/agent-protocol';
import { Fault, type FaultBody, faultOf, internalError } from '@runos/kernel';
import { InjectLogger, isInboxOf, isNoResponders, NatsConnector } from '@runos/messaging';
import { BudgetedLog, inSpan, type Logger, SpanKind, traceHeaders, traceOf } from '@runos/observability';
import { z } from 'zod';
import type { InstructionOutcome } from '../streams/connected-agent.js';

/** The subject of one session. Only the replica that holds the session subscribes to it. */
const subjectOf = (sessionNo: number): string => `agent-gateway.session.${sessionNo}`;

const sessionRequest = z.discriminatedUnion('action', [
  z.object({
    action: z.literal('instruct'),
    type: z.string(),
    body: z.unknown(),
    timeoutMs: z.int().min(1).max(60_000),
  }),
  z.object({ action: z.literal('close'), code: z.enum(refusalCodes), details: z.string() }),
]);
/** What a replica requests from the replica that holds a session. */
export type SessionRequest = z.output<typeof sessionRequest>;
export type InstructRequest = Extract<SessionRequest, { action: 'instruct' }>;

/** A request with the trace it belongs to. */
const requestMessage = z.object({ request: sessionRequest, trace: z.record(z.string(), z.string()).default({}) });

type Reply = InstructionOutcome | { readonly fault: FaultBody };

export type SessionRequestHandler = (request: SessionRequest) => Promise<InstructionOutcome | undefined>;

/** NATS confirms a subscription usually within this time; waiting for longer would delay the stream, ms. */
const flushTimeoutMs = 1_000;
/** A request waits this long for NATS to reconnect, ms. */
const reconnectTimeoutMs = 300;

const refusalsPerMinute = 60;

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));
const encodeRequest = (request: SessionRequest): Uint8Array => encode({ request, trace: traceHeaders() });

/** Requests between replicas of this service, over one NATS subject per session. */
@Injectable()
export class SessionRequests {
  /** A peer with the credentials of another service can cause any number of these lines. */
  readonly #log: BudgetedLog;

  constructor(
    private readonly connector: NatsConnector,
    @InjectLogger() private readonly logger: Logger,
  ) {
    this.#log = new BudgetedLog(logger, refusalsPerMinute);
  }

  /** Handles the requests for a session until the returned function is called. */
  async subscribe(sessionNo: number, handle: SessionRequestHandler): Promise<() => void> {
    const connection = await this.connector.connection();
    const subscription = connection.subscribe(subjectOf(sessionNo), {
      callback: (error, message) => {
        if (error) return this.logger.error({ err: error, sessionNo }, 'NATS rejected the subscription of a session');
        // Only this service may publish here. JetStream delivers to any subject, with a reply subject of its own.
        if (message.reply && !isInboxOf(['agent-gateway'], message.reply)) {
          return this.#log.write({
            key: 'session requests',
            sender: {},
            level: 'warn',
            fields: { sessionNo },
            message: 'refused a session request: its reply is no inbox of a replica',
          });
        }
        void this.#reply(message.data, handle, sessionNo).then((reply) => {
          if (message.reply && reply !== undefined) message.respond(encode(reply));
        });
      },
    });
    const flushed = connection.flush().catch((error: unknown) => {
      this.logger.warn({ err: error, sessionNo }, 'the subscription of a session starts with the next NATS connection');
    });
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([flushed, new Promise((resolve) => (timer = setTimeout(resolve, flushTimeoutMs)))]);
    clearTimeout(timer);
    return () => subscription.unsubscribe();
  }

  /** Undefined when no replica holds the session. @throws Fault of the holder; `unavailable` without NATS */
  async instruct(
    sessionNo: number,
    request: InstructRequest,
    timeoutMs: number,
  ): Promise<InstructionOutcome | undefined> {
    const connection = await this.connector.ready(reconnectTimeoutMs);
    let reply: Reply;
    try {
      const message = await connection.request(subjectOf(sessionNo), encodeRequest(request), { timeout: timeoutMs });
      reply = decode(message.data) as Reply;
    } catch (error) {
      if (isNoResponders(error)) return undefined;
      return { outcome: 'unknown' };
    }
    if ('fault' in reply) throw Fault.fromBody(reply.fault);
    return reply;
  }

  /** Closes sessions of other replicas. The maintenance of the holder closes those whose message is lost. */
  async close(sessionNos: readonly number[], code: RefusalCode, details: string): Promise<void> {
    if (sessionNos.length === 0) return;
    try {
      const connection = await this.connector.ready(reconnectTimeoutMs);
      const message = encodeRequest({ action: 'close', code, details });
      for (const sessionNo of sessionNos) connection.publish(subjectOf(sessionNo), message);
    } catch (error) {
      this.logger.warn({ err: error, sessionNos }, 'sessions are closed by the next maintenance of their replica');
    }
  }

  async #reply(data: Uint8Array, handle: SessionRequestHandler, sessionNo: number): Promise<Reply | undefined> {
    try {
      const { request, trace } = requestMessage.parse(decode(data));
      const span = { kind: SpanKind.SERVER, parent: traceOf(trace) };
      return await inSpan(`session ${request.action}`, span, () => handle(request));
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) this.logger.error({ err: error, sessionNo }, 'session request failed');
      return { fault: (fault ?? internalError()).toBody() };
    }
  }
}
