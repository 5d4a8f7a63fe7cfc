import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { operations } from '@runos/api';
import { Fault, faultOf, faultStatus, internalError, invalidTokenMessage } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import type { Response } from 'express';
import type { GatewayRequest } from './gateway-request.js';

/** Retry-After of a fault that names no delay, s. */
const defaultRetrySeconds = 2;

/** Sends a fault as `{error, code, traceId, …details}` with the HTTP status of its code. */
function sendFault({ traceId }: GatewayRequest, response: Response, fault: Fault): void {
  const status = faultStatus[fault.code];
  if (status === 503 || status === 429) {
    response.set('Retry-After', String(Math.max(1, Math.ceil(fault.details.retryAfterSeconds ?? defaultRetrySeconds))));
  }
  if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="runos"');
  const error = fault.code === 'auth.invalid' ? invalidTokenMessage : fault.message;
  const fixed = { error, code: fault.code, traceId };
  // First for readability, and again last so that no detail overrides them.
  response.status(status).json(Object.assign({ ...fixed }, fault.details, fixed));
}

/** Routes beside the operations: GET, without a token. */
const unauthenticatedRoutes = [
  '/livez',
  '/readyz',
  '/openapi.json',
  '/schemas/runos.yaml.json',
  '/install/cli',
  '/install/cli/:platform',
  '/install/cli/:platform/sha256',
] as const;

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
}

const routes: readonly Route[] = [...operations, ...unauthenticatedRoutes.map((path) => ({ method: 'GET', path }))].map(
  ({ method, path }) => ({ method, segments: path.split('/').slice(1) }),
);

const matches = (segments: readonly string[], path: readonly string[]): boolean =>
  segments.length === path.length &&
  segments.every((segment, index) => segment === path[index] || (segment.startsWith(':') && path[index] !== ''));

const methodOrder = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** The methods that a path supports; empty when no route matches. */
export function methodsAt(path: string): readonly string[] {
  const requested = path
    .replace(/(.)\/$/, '$1')
    .split('/')
    .slice(1);
  const methods = new Set(routes.filter(({ segments }) => matches(segments, requested)).map(({ method }) => method));
  if (methods.size > 0) methods.add('OPTIONS');
  if (methods.has('GET')) methods.add('HEAD');
  return methodOrder.filter((method) => methods.has(method));
}

/** Answers requests without a route: OPTIONS with the allowed methods, others with 404 and `Allow`. */
function respondUnrouted(request: GatewayRequest, response: Response): void {
  const methods = methodsAt(request.path);
  const allowed = methods.join(', ');
  if (methods.length > 0) response.set('Allow', allowed);
  if (methods.length > 0 && request.method === 'OPTIONS') {
    response.status(204).end();
    return;
  }
  const message =
    methods.length > 0
      ? `${request.method} is not supported here; this path supports ${allowed}.`
      : 'No such route; /openapi.json lists all routes.';
  sendFault(request, response, new Fault('route.not_found', message));
}

/** What failed, for log lines. The path is left out, because it may contain what a client mistook for an id. */
const requestFields = ({ method, operation, requestId }: GatewayRequest) => ({
  method,
  operation: operation?.id,
  requestId,
});

/** Handles every error of the HTTP edge. An unexpected error is logged and answered as `internal` without details. */
@Catch()
export class FaultFilter implements ExceptionFilter {
  constructor(@InjectLogger() private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<GatewayRequest>();
    const response = http.getResponse<Response>();
    if (response.headersSent) {
      this.logger.warn({ err: thrown, ...requestFields(request) }, 'response aborted after its headers');
      response.destroy();
    } else if (thrown instanceof HttpException && thrown.getStatus() === 404) {
      respondUnrouted(request, response);
    } else {
      sendFault(request, response, this.#faultFor(thrown, request));
    }
  }

  #faultFor(thrown: unknown, request: GatewayRequest): Fault {
    const fault = faultOf(thrown);
    if (fault !== undefined) {
      if (fault.code === 'internal')
        this.logger.error({ err: fault, ...requestFields(request) }, 'request to another service failed');
      return fault;
    }
    if (isBadPath(thrown)) {
      return new Fault('route.not_found', 'No route matches: the path is not valid.');
    }
    this.logger.error({ err: thrown, ...requestFields(request) }, 'operation failed');
    return internalError();
  }
}

/** A path that cannot be decoded: Nest forwards what Express throws. Bodies and queries are parsed by the interceptor. */
const isBadPath = (thrown: unknown): boolean => thrown instanceof HttpException && thrown.getStatus() === 400;
