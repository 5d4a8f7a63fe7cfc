import type { Operation, OperationInput } from '@runos/api';
import { Fault, type Issue } from '@runos/kernel';
import { issuesOf } from '@runos/messaging';
import { requestHash } from '@runos/security';
import type { z } from 'zod';
import type { GatewayRequest } from '../http/gateway-request.js';
import type { Write } from './call.js';
import { readJson } from './read-json.js';
import { readQuery } from './read-query.js';
import type { Reading } from './reading.js';
import { readExpectedGeneration, readIdempotencyKey } from './write-headers.js';

/** Of a thousand wrong fields so many are named. */
const maxIssues = 100;

/** The input and the conditions of a request. @throws Fault `request.invalid` with all that is wrong */
export function readRequest(
  operation: Operation,
  request: GatewayRequest,
): { input: OperationInput<Operation>; write: Write } {
  const issues: Issue[] = [];
  const taken = <T>(reading: Reading<T>): T => {
    issues.push(...reading.issues);
    return reading.value;
  };
  const checked = (schema: z.ZodType, reading: Reading<unknown>): unknown => {
    if (reading.issues.length > 0) return taken(reading);
    const read = schema.safeParse(reading.value);
    return read.success ? read.data : taken({ value: undefined, issues: issuesOf(read.error) });
  };
  const query = checked(operation.query, readQuery(request.originalUrl));
  const body = checked(operation.body, readJson(request));
  const reads = operation.method === 'GET';
  const key = reads ? undefined : taken(readIdempotencyKey(request.get('idempotency-key')));
  const ifGeneration =
    reads || !operation.versioned ? undefined : taken(readExpectedGeneration(request.get('if-match')));
  if (issues.length > 0) throw invalid(issues);
  const params = Object.fromEntries(Object.keys(operation.params).map((name) => [name, String(request.params[name])]));
  const { user, role } = request;
  // The answer may hold what only its asker may have: to repeat it takes the same person, in the same role. That stands
  // beside the hash: a replica of another version compares it with its own.
  const by = user && `${user.userId} ${role ?? ''}`;
  const idempotency =
    key === undefined ? undefined : { key, by, requestHash: requestHash(operation.id, { params, query, body }) };
  return { input: { params, query, body }, write: { idempotency, ifGeneration } };
}

function invalid(issues: readonly Issue[]): Fault {
  const named = issues.slice(0, maxIssues).map(({ path, message }) => ({ path: path.slice(0, 200), message }));
  const first = named.slice(0, 5).map(({ path, message }) => `${path || 'body'}: ${message}`);
  const more = issues.length > first.length ? [`and ${issues.length - first.length} more`] : [];
  return new Fault('request.invalid', `${[...first, ...more].join('; ')}.`, { issues: named });
}
