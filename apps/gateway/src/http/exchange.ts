import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { InjectLogger } from '@runos/messaging';
import { currentTraceId, durations, inSpan, type Logger, SpanKind, traceOf } from '@runos/observability';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { type GatewayConfig, gatewayConfigToken } from '../gateway-config.js';
import type { GatewayRequest } from './gateway-request.js';
import { bodyReader } from './request-body.js';

const usableId = /^[A-Za-z0-9._:-]{1,128}$/;
const noTrace = /^0*$/;

/**
 * The first step of every request: its ids, its span, its body; and at its end one log line and one measurement.
 * While the process stops, every answer closes its connection.
 */
@Injectable()
export class Exchange implements OnModuleDestroy {
  readonly #open = new Set<Response>();
  readonly #readBody: ReturnType<typeof bodyReader>;
  readonly #duration = durations('http_server_request_duration_seconds');
  #stopping = false;

  constructor(
    @InjectLogger() private readonly logger: Logger,
    @Inject(gatewayConfigToken) { maxBodyBytes }: GatewayConfig,
  ) {
    this.#readBody = bodyReader(maxBodyBytes);
  }

  readonly middleware: RequestHandler = (plain, response, next) => {
    const request = plain as GatewayRequest;
    const given = request.get('x-request-id');
    request.requestId = given !== undefined && usableId.test(given) ? given : randomUUID();
    // An ETag names a generation of what is wanted; what is seen changes without it, so no answer is "not modified".
    delete request.headers['if-none-match'];
    response.set({ 'X-Request-Id': request.requestId, 'Cache-Control': 'no-store' });
    if (this.#stopping) response.set('Connection', 'close');
    const parent = traceOf(traceHeadersOf(request));
    inSpan(`HTTP ${request.method}`, { kind: SpanKind.SERVER, parent }, () =>
      this.#follow(request, response, next),
    ).catch((error: unknown) => this.logger.error({ err: error }, 'a request could not be followed to its end'));
  };

  onModuleDestroy(): void {
    this.#stopping = true;
    for (const response of this.#open) {
      const { socket } = response;
      if (response.headersSent) response.once('finish', () => socket?.end());
      else response.set('Connection', 'close');
    }
  }

  async #follow(request: GatewayRequest, response: Response, next: NextFunction): Promise<void> {
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
    this.#tell(request, response, route, ms);
  }

  /** One line per request. The route, never the path: what callers write into it may be anything. */
  #tell(request: GatewayRequest, response: Response, route: string, ms: number): void {
    const { method, operation, requestId, user } = request;
    const { statusCode: status, writableFinished } = response;
    const level = status >= 500 ? 'warn' : 'info';
    const ids = { requestId, aid: accountOf(request), keyId: user?.keyId };
    const fields = { method, route, operation: operation?.id, status, ms: Math.round(ms), ...ids };
    this.logger[level](writableFinished ? fields : { ...fields, cutOff: true }, 'request');
  }
}

/** The account of the path once it is known to be the caller's; otherwise the caller's only one. */
function accountOf({ params, role, user }: GatewayRequest): string | undefined {
  if (role !== undefined) return String(params['aid']);
  return user?.memberships.length === 1 ? user.memberships[0].aid : undefined;
}

const traceHeadersOf = ({ headers }: Request): Record<string, string> =>
  Object.fromEntries(
    ['traceparent', 'tracestate'].flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
