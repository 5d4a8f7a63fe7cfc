import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Fault } from '@runos/kernel';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import { currentTraceId, durations, inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import { type NextFunction, raw, type Request, type RequestHandler, type Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { GatewayConfig } from '../config.js';
import type { GatewayRequest } from './gateway-request.js';

const usableId = /^[A-Za-z0-9._:-]{1,128}$/;
const noTrace = /^0*$/;

/**
 * Middleware around every request: ids, span and body at its start, one log line and one measurement at its end.
 * While the process stops, every response closes its connection.
 */
@Injectable()
export class RequestLifecycle implements OnModuleDestroy {
  readonly #open = new Set<Response>();
  readonly #readBody: ReturnType<typeof bodyReader>;
  readonly #duration = durations('http_server_request_duration_seconds');
  #isStopping = false;

  constructor(
    @InjectLogger() private readonly logger: Logger,
    @InjectConfig() { maxBodyBytes }: GatewayConfig,
  ) {
    this.#readBody = bodyReader(maxBodyBytes);
  }

  readonly middleware: RequestHandler = (plain, response, next) => {
    const request = plain as GatewayRequest;
    const clientId = request.get('x-request-id');
    request.requestId = clientId !== undefined && usableId.test(clientId) ? clientId : randomUUID();
    // Most ETags are generations of desired state. Status changes within a generation, so their responses are never 304.
    request.ifNoneMatch = request.get('if-none-match');
    delete request.headers['if-none-match'];
    response.set({ 'X-Request-Id': request.requestId, 'Cache-Control': 'no-store' });
    if (this.#isStopping) response.set('Connection', 'close');
    const parent = traceOf(traceHeadersOf(request));
    inSpan(`HTTP ${request.method}`, { kind: SpanKind.SERVER, parent }, () => this.#run(request, response, next)).catch(
      (error: unknown) =>
        this.logger.error(
          { err: error, method: request.method, requestId: request.requestId },
          'request handling failed',
        ),
    );
  };

  onModuleDestroy(): void {
    this.#isStopping = true;
    for (const response of this.#open) {
      const { socket } = response;
      if (response.headersSent) response.once('finish', () => socket?.end());
      else response.set('Connection', 'close');
    }
  }

  async #run(request: GatewayRequest, response: Response, next: NextFunction): Promise<void> {
    const started = performance.now();
    const traceId = currentTraceId() ?? '';
    request.traceId = noTrace.test(traceId) ? request.requestId : traceId;
    const closed = new Promise((resolve) => response.once('close', resolve));
    this.#open.add(response);
    try {
      await this.#readBody(request, response);
      next();
    } catch (error) {
      next(error);
    }
    await closed;
    this.#open.delete(response);
    const ms = performance.now() - started;
    const route = request.operation?.path ?? 'none';
    this.#duration.record(ms, {
      http_request_method: request.method,
      http_route: route,
      http_response_status_code: response.statusCode,
    });
    this.#log(request, response, route, ms);
  }

  /** One line per request. It names the route and never the path, which is client input. */
  #log(request: GatewayRequest, response: Response, route: string, ms: number): void {
    const { method, operation, requestId, user } = request;
    const { statusCode: status, writableFinished } = response;
    const level = status >= 500 ? 'warn' : 'info';
    const ids = { requestId, aid: accountOf(request), keyId: user?.keyId };
    const fields = { method, route, operation: operation?.id, status, ms: Math.round(ms), ...ids };
    this.logger[level](writableFinished ? fields : { ...fields, cutOff: true }, 'request');
  }
}

/** The account of the path once the caller's membership is confirmed; otherwise the caller's only account. */
function accountOf({ params, role, user }: GatewayRequest): string | undefined {
  if (role !== undefined) return String(params['aid']);
  return user?.memberships.length === 1 ? user.memberships[0]?.aid : undefined;
}

const traceHeadersOf = ({ headers }: Request): Record<string, string> =>
  Object.fromEntries(
    ['traceparent', 'tracestate'].flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );

/** Reads and decompresses a body into `request.body`, at most `maxBytes`. @throws Fault `request.too_large`, `request.invalid` */
function bodyReader(maxBytes: number): (request: GatewayRequest, response: Response) => Promise<void> {
  const read = raw({ type: () => true, limit: maxBytes });
  return async (request, response) => {
    try {
      await new Promise<void>((resolve, reject) =>
        read(request as Request, response, (error?: unknown) =>
          error === undefined ? resolve() : reject(error as Error),
        ),
      );
    } catch (error) {
      throw faultFor(error, maxBytes);
    }
    // Without a body the parser sets an empty object.
    if (!Buffer.isBuffer(request.body) || request.body.length === 0) request.body = undefined;
  };
}

function faultFor(error: unknown, maxBytes: number): unknown {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  if (status === 413) {
    return new Fault('request.too_large', `The body is larger than ${maxBytes} bytes; send less at once.`, {
      limit: 'maxBodyBytes',
      value: maxBytes,
    });
  }
  if (typeof status !== 'number' || status >= 500) return error;
  const message = `could not be read: ${(error as Error).message}`;
  return new Fault('request.invalid', `The body ${message}.`, { issues: [{ path: '', message }] });
}
