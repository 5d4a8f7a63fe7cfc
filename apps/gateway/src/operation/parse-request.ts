import type { Operation, OperationInput } from '@runos/api';
import { Fault, type Issue } from '@runos/kernel';
import { issuesOf } from '@runos/messaging';
import { requestHash } from '@runos/security';
import type { z } from 'zod';
import type { GatewayRequest } from '../http/gateway-request.js';
import type { WriteConditions } from './call-context.js';
import { parseBody } from './parse-body.js';
import { parseQuery } from './parse-query.js';
import type { ParseResult } from './parse-result.js';
import { parseIfMatch, parseIdempotencyKey } from './if-match-and-idempotency-key.js';

/** At most this many issues are reported. */
const maxIssues = 100;

/** The input and write conditions of a request. @throws Fault `request.invalid` with every issue */
export function parseRequest(
  operation: Operation,
  request: GatewayRequest,
): { input: OperationInput<Operation>; write: WriteConditions } {
  const issues: Issue[] = [];
  const valueOf = <T>(result: ParseResult<T>): T => {
    issues.push(...result.issues);
    return result.value;
  };
  const validated = (schema: z.ZodType, result: ParseResult<unknown>): unknown => {
    if (result.issues.length > 0) return valueOf(result);
    const parsed = schema.safeParse(result.value);
    return parsed.success ? parsed.data : valueOf({ value: undefined, issues: issuesOf(parsed.error) });
  };
  const query = validated(operation.query, parseQuery(request.originalUrl));
  const body = validated(operation.body, parseBody(request));
  const isRead = operation.method === 'GET';
  const key = isRead ? undefined : valueOf(parseIdempotencyKey(request.get('idempotency-key')));
  const ifGeneration = isRead || !operation.versioned ? undefined : valueOf(parseIfMatch(request.get('if-match')));
  if (issues.length > 0) throw invalid(issues);
  const params = Object.fromEntries(Object.keys(operation.params).map((name) => [name, String(request.params[name])]));
  const { user, role } = request;
  // A response may contain a token of the caller's role, so only the same user in the same role gets it again. The caller
  // is not part of the hash, which replicas of other versions compare with their own.
  const caller = user && `${user.userId} ${role ?? ''}`;
  const idempotency =
    key === undefined ? undefined : { key, caller, requestHash: requestHash(operation.id, { params, query, body }) };
  return { input: { params, query, body }, write: { idempotency, ifGeneration } };
}

function invalid(issues: readonly Issue[]): Fault {
  const reported = issues.slice(0, maxIssues).map(({ path, message }) => ({ path: path.slice(0, 200), message }));
  const first = reported.slice(0, 5).map(({ path, message }) => `${path || 'body'}: ${message}`);
  const more = issues.length > first.length ? [`and ${issues.length - first.length} more`] : [];
  return new Fault('request.invalid', `${[...first, ...more].join('; ')}.`, { issues: reported });
}
