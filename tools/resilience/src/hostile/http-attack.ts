import { hasBody, type Operation, operations } from '@runos/api';
import { recorderOf } from '@runos/tool-e2e';
import fc from 'fast-check';
import { Agent } from 'node:http';
import { z } from 'zod';
import { deepJson, nearValid, type Schema } from './near-valid.js';
import { type RawResponse, sendRaw, type RawRequest } from './raw-request.js';
import type { Target } from './target.js';

const schemaOf = (schema: z.ZodType): Schema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Schema;

const utf8 = new TextDecoder('utf-8', { fatal: true });
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A value as bytes, sometimes not as valid JSON. */
const written = (value: unknown): fc.Arbitrary<Uint8Array> => {
  const text = JSON.stringify(value) ?? '';
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(bytes(text)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        bytes(text.slice(0, -1)),
        bytes(`\ufeff${text}`),
        bytes(`${text}${text}`),
        bytes('['.repeat(50_000)),
        bytes(deepJson),
        bytes('{"name":1,"name":2}'),
        bytes('{"__proto__":{"a":1}}'),
        Uint8Array.from([0x22, 0xc3, 0x28, 0x22]),
      ),
    },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 300 }) },
  );
};

const word = fc.oneof(
  fc.constantFrom('', '%00', '%FF', '..%2f..', '__proto__', 'constructor', "'--", 'zzzzz', '0', '%F0%9F%92%A9'),
  fc.string({ maxLength: 40 }).map((text) => encodeURIComponent(Buffer.from(text).toString())),
);
const header = fc.oneof(
  fc.constantFrom(
    '',
    '"',
    '""',
    '"1"',
    '*',
    'W/"0"',
    '"999999999999999"',
    '-1',
    'x'.repeat(5_000),
    '\u00ff',
    '{"a":1}',
  ),
  fc.string({ maxLength: 70 }).map((text) => text.replace(/[^\x20-\x7e]/g, '~')),
);
const contentType = fc.oneof(
  { weight: 9, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'text/xml', 'application/json; charset=utf-16', 'multipart/form-data', ','),
  },
);

/** Whether an operation may accept such a body: those are sent to paths without effect. */
function mayAccept({ body }: Operation, raw: Uint8Array | undefined): boolean {
  try {
    return body.safeParse(raw === undefined || raw.length === 0 ? {} : JSON.parse(utf8.decode(raw))).success;
  } catch {
    return false; // it is not JSON
  }
}

/** A request that an operation must refuse, unless it only reads. */
function requestsTo(operation: Operation, target: Target): fc.Arbitrary<RawRequest> {
  const { method, path } = operation;
  const writes = hasBody(method);
  const body = writes ? nearValid(schemaOf(operation.body)).chain(written) : fc.constant(undefined);
  const part = fc.record({
    body,
    word,
    query: fc.option(fc.dictionary(fc.constantFrom('limit', 'cursor', 'type', 'status', 'x'), word, { maxKeys: 3 })),
    headers: fc.record(
      {
        'idempotency-key': header,
        'if-match': header,
        'last-event-id': header,
        'x-request-id': header,
        traceparent: header,
      },
      { requiredKeys: [] },
    ),
    contentType,
    lost: fc.integer({ min: 0, max: 7 }),
  });
  return part.map((made) => {
    const nowhere = method === 'DELETE' || (writes && mayAccept(operation, made.body));
    const known: Record<string, string> = { aid: nowhere ? 'zzzz9' : target.aid, cid: target.cid, type: 'valkey' };
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name);
    const broken = names[made.lost];
    const filled = path.replace(/:(\w+)/g, (_, name: string) =>
      name === broken ? made.word : (known[name] ?? 'zzzzz'),
    );
    const query = Object.entries(made.query ?? {}).map(([name, value]) => `${name}=${value}`);
    const type: Record<string, string> = made.body === undefined ? {} : { 'content-type': made.contentType };
    const headers: Record<string, string> = { ...made.headers, ...type, authorization: `Bearer ${target.token}` };
    return { method, path: query.length > 0 ? `${filled}?${query.join('&')}` : filled, headers, body: made.body };
  });
}

export interface HttpFindings {
  readonly sent: number;
  readonly byStatus: Readonly<Record<number, number>>;
  /** Requests with a 5xx response or none, and those that were accepted instead of refused. */
  readonly wrong: readonly string[];
}

const concurrency = 16;

/** Sends `count` requests over all operations, the same ones for the same seed. */
export async function attackHttp(target: Target, count: number, seed: number): Promise<HttpFindings> {
  // These two act on the caller alone, so no path makes an accepted body harmless: they are left out.
  const attacked = operations.filter(({ path }) => path !== '/auth/logout');
  const each = Math.ceil(count / attacked.length);
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const recorder = recorderOf(target.apiUrl);
  const byStatus: Record<number, number> = {};
  const wrong: string[] = [];
  let sent = 0;
  const judge = (operation: Operation, request: RawRequest, { status, text }: RawResponse): void => {
    sent += 1;
    recorder?.record(request.path, status, text);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    const accepted = operation.method !== 'GET' && status < 400;
    const leaked = [target.token, target.password].some((secret) => text.includes(secret));
    if (status !== 0 && status < 500 && !accepted && !leaked) return;
    const body = request.body === undefined ? '' : Buffer.from(request.body).toString().slice(0, 200);
    wrong.push(`${operation.id}: ${status} to ${request.method} ${request.path} ${body} → ${text.slice(0, 200)}`);
  };
  try {
    for (const [index, operation] of attacked.entries()) {
      const queue = fc.sample(requestsTo(operation, target), { numRuns: each, seed: seed + index });
      const one = async (): Promise<void> => {
        for (let next = queue.pop(); next !== undefined; next = queue.pop())
          judge(operation, next, await sendRaw(target.apiUrl, agent, next));
      };
      await Promise.all(Array.from({ length: concurrency }, one));
    }
  } finally {
    agent.destroy();
  }
  return { sent, byStatus, wrong };
}
