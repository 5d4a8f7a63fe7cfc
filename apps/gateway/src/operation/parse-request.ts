import { bodySchemaOf, type Operation, type OperationInput, sizeIssues } from '@runos/api';
import { Fault, type Issue, withoutFullStop } from '@runos/kernel';
import { issuesOf } from '@runos/messaging';
import { requestHash } from '@runos/security';
import type { z } from 'zod';
import type { GatewayRequest } from '../http/gateway-request.js';
import type { WriteConditions } from './call-context.js';
import { doubledKeys } from './doubled-keys.js';
import { takeQueryFields } from './query-fields.js';

/** The value of one part of a request, with every issue found in it. */
interface ParseResult<T> {
  readonly value: T;
  readonly issues: readonly Issue[];
}

const failed = (path: string, message: string): ParseResult<undefined> => ({
  value: undefined,
  issues: [{ path, message }],
});

/** Levels; no body of an operation nests deeper than four. */
const maxDepth = 32;
const loneSurrogate = /[\ud800-\udfff]/u;

/** Why a text cannot be stored in SQL or encoded as UTF-8; undefined when it can. */
function malformedText(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain the character U+0000';
  return loneSurrogate.test(text) ? 'must not contain half of a surrogate pair' : undefined;
}

/** The first issue that makes a JSON value unusable for every field of every operation. */
function malformedValue(value: unknown, depth = 0): Issue | undefined {
  if (typeof value === 'string') return issueAt('', malformedText(value));
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === maxDepth) return issueAt('', `must not nest deeper than ${maxDepth} levels`);
  for (const [key, inner] of Object.entries(value)) {
    // Copying an object silently drops this key.
    const keyIssue = key === '__proto__' ? 'is not a name that a field can have' : malformedText(key);
    const issue = issueAt('', keyIssue) ?? malformedValue(inner, depth + 1);
    if (issue === undefined) continue;
    const name = Array.isArray(value) ? `[${key}]` : key;
    return { ...issue, path: /^(\[|$)/.test(issue.path) ? `${name}${issue.path}` : `${name}.${issue.path}` };
  }
  return undefined;
}

const issueAt = (path: string, message: string | undefined): Issue | undefined =>
  message === undefined ? undefined : { path, message };

/** The query of a URL: each name at most once, percent-encoded UTF-8. An empty value counts as an absent one. */
function parseQuery(url: string): ParseResult<Record<string, string | undefined>> {
  const start = url.indexOf('?');
  const text = start < 0 ? '' : url.slice(start + 1);
  const values = new Map<string, string | undefined>();
  const issues: Issue[] = [];
  for (const pair of text.split('&').filter((each) => each !== '')) {
    const separator = pair.indexOf('=');
    const name = decoded(separator < 0 ? pair : pair.slice(0, separator));
    const value = decoded(separator < 0 ? '' : pair.slice(separator + 1));
    if (name === undefined || value === undefined) {
      issues.push({ path: pair.slice(0, 64), message: 'is not percent-encoded UTF-8' });
    } else if (values.has(name)) {
      issues.push({ path: name, message: 'must be given once' });
    } else {
      // The name stays, so that an unknown one is still refused.
      values.set(name, value === '' ? undefined : value);
      const message = malformedText(value);
      if (message !== undefined) issues.push({ path: name, message });
    }
  }
  return { value: Object.fromEntries(values), issues };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return undefined; // reported as an issue
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const json = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The JSON body of a request. No body counts as an empty object with any content type. */
function parseBody(request: GatewayRequest): ParseResult<unknown> {
  const { body } = request;
  if (body === undefined) return { value: {}, issues: [] };
  const type = request.get('content-type') ?? 'nothing';
  if (!json.test(type)) return failed('Content-Type', `must be application/json in UTF-8, not ${type.slice(0, 100)}`);
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(body);
    value = JSON.parse(text);
  } catch (error) {
    return failed('', error instanceof SyntaxError ? `is not JSON: ${error.message}` : 'is not UTF-8');
  }
  const issue = malformedValue(value);
  return { value, issues: issue === undefined ? doubledKeys(text) : [issue] };
}

const printable = /^[\x20-\x7e]{1,64}$/;
const generation = /^(?:W\/)?(?:"(\d{1,15})"|(\d{1,15}))$/;
/** Entity tags in `If-Match`; a client has no use for more. */
const maxTags = 20;

const absent = { value: undefined, issues: [] };

/** Header `Idempotency-Key`: the same key with the same request gets the same response for 24 hours. */
function parseIdempotencyKey(header: string | undefined): ParseResult<string | undefined> {
  if (header === undefined) return absent;
  if (printable.test(header)) return { value: header, issues: [] };
  return failed('Idempotency-Key', 'must be 1 to 64 printable characters');
}

/**
 * Header `If-Match`: the generation that the caller last read, as an ETag (`"7"`) or a plain number. Of a list, one
 * must be current; `*` matches any.
 */
function parseIfMatch(header: string | undefined): ParseResult<WriteConditions['ifGeneration']> {
  if (header === undefined || header.trim() === '*') return absent;
  const tags = header
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== ''); // RFC 9110, section 5.6.1: empty elements are ignored
  const generations = tags.flatMap((tag) => {
    const match = generation.exec(tag);
    return match === null ? [] : [Number(match[1] ?? match[2])];
  });
  const [only] = generations;
  if (only === undefined || generations.length < tags.length || tags.length > maxTags)
    return failed('If-Match', `must be a generation like "7", or at most ${maxTags} of them, separated by commas`);
  // One generation is sent alone, because older services read a number only.
  return { value: generations.length === 1 ? only : generations, issues: [] };
}

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
    if (parsed.success) return parsed.data;
    const found = issuesOf(parsed.error);
    const paths = new Set(found.map(({ path }) => path));
    // The owner of the resource would report these, but the request does not reach it.
    const sizes = sizeIssues(result.value).filter(({ path }) => !paths.has(path));
    return valueOf({ value: undefined, issues: [...found, ...sizes] });
  };
  const bodySchema = bodySchemaOf(operation, request.params);
  const ofUrl = parseQuery(request.originalUrl);
  const ofBody = parseBody(request);
  const given = takeQueryFields(operation, bodySchema, ofUrl.value, ofBody.value);
  issues.push(...given.issues);
  const query = validated(operation.query, { ...ofUrl, value: given.query });
  const body = validated(bodySchema, { ...ofBody, value: given.body });
  const isRead = operation.method === 'GET';
  const key = isRead ? undefined : valueOf(parseIdempotencyKey(request.get('idempotency-key')));
  const ifGeneration = isRead ? undefined : valueOf(parseIfMatch(request.get('if-match')));
  // Without a generation the condition could not be kept, and a write must not ignore it.
  if (ifGeneration !== undefined && operation.versioned !== true)
    issues.push({ path: 'If-Match', message: 'must be absent or *, because this resource has no generation' });
  if (issues.length > 0) throw invalidRequest(issues);
  const params = Object.fromEntries(Object.keys(operation.params).map((name) => [name, String(request.params[name])]));
  const { user, role } = request;
  // A response may contain a token of the caller's role, so only the same user in the same role gets it again. The caller
  // is not part of the hash, which replicas of other versions compare with their own.
  const caller = user && `${user.userId} ${role ?? ''}`;
  const idempotency =
    key === undefined ? undefined : { key, caller, requestHash: requestHash(operation.id, { params, query, body }) };
  return { input: { params, query, body }, write: { idempotency, ifGeneration } };
}

function invalidRequest(issues: readonly Issue[]): Fault {
  const reported = issues.slice(0, maxIssues).map(({ path, message }) => ({ path: path.slice(0, 200), message }));
  const first = reported.slice(0, 5).map(({ path, message }) => `${path || 'body'}: ${message}`);
  const more = issues.length > first.length ? [`and ${issues.length - first.length} more`] : [];
  return new Fault('request.invalid', `${withoutFullStop([...first, ...more].join('; '))}.`, { issues: reported });
}
