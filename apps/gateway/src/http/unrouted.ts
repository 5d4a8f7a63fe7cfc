import { operations } from '@runos/api';
import { Fault } from '@runos/kernel';
import type { Response } from 'express';
import { sendFault } from './fault-response.js';
import type { GatewayRequest } from './gateway-request.js';

/** Routes beside the operations: GET, without a token. */
const unauthenticatedRoutes = ['/livez', '/readyz', '/openapi.json'] as const;

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

const methodOrder = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

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
export function respondUnrouted(request: GatewayRequest, response: Response): void {
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
