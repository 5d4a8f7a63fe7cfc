import { operations } from '@runos/api';
import { Fault } from '@runos/kernel';
import type { Response } from 'express';
import { sendFault } from './fault-response.js';
import type { GatewayRequest } from './gateway-request.js';
import { ownRoutes } from '../health/own-routes.js';

interface Route {
  readonly method: string;
  readonly segments: readonly string[];
}

const routes: readonly Route[] = [...operations, ...ownRoutes.map((path) => ({ method: 'GET', path }))].map(
  ({ method, path }) => ({ method, segments: path.split('/').slice(1) }),
);

const fits = (segments: readonly string[], given: readonly string[]): boolean =>
  segments.length === given.length &&
  segments.every((segment, index) => segment === given[index] || (segment.startsWith(':') && given[index] !== ''));

const inOrder = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

/** The methods that a path takes; none when nothing is there. */
export function methodsAt(path: string): readonly string[] {
  const given = path
    .replace(/(.)\/$/, '$1')
    .split('/')
    .slice(1);
  const methods = new Set(routes.filter(({ segments }) => fits(segments, given)).map(({ method }) => method));
  if (methods.size > 0) methods.add('OPTIONS');
  if (methods.has('GET')) methods.add('HEAD');
  return inOrder.filter((method) => methods.has(method));
}

/** Answers what no route took: OPTIONS with what is allowed, everything else with 404. */
export function answerUnrouted(request: GatewayRequest, response: Response): void {
  const methods = methodsAt(request.path);
  const allowed = methods.join(', ');
  if (methods.length > 0) response.set('Allow', allowed);
  if (methods.length > 0 && request.method === 'OPTIONS') {
    response.status(204).end();
    return;
  }
  const message =
    methods.length > 0
      ? `${request.method} is not offered here; this path takes ${allowed}.`
      : 'Nothing is here; /openapi.json lists what is.';
  sendFault(request, response, new Fault('route.not_found', message));
}
