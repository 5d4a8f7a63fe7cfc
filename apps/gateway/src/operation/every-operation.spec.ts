import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { operations } from '@runos/api';
import { Fault } from '@runos/kernel';
import { aid, principal } from '../../test/sample-replies.js';
import { pathOf, type GatewayHarness, startHarness } from '../../test/harness.js';

let plane: GatewayHarness;
beforeAll(async () => {
  plane = await startHarness();
});
beforeEach(() => plane.reset());
afterAll(() => plane.stop());

const bodies: Readonly<Record<string, object>> = {
  'session.login': { email: 'owner@example.com', password: 'pw' },
  'apikey.create': { name: 'ci' },
  'configset.create': { name: 'tuned', type: 'postgresql', values: {} },
  'configset.update': { values: { a: 'b' } },
  'cluster.registration-token.create': { purpose: 'node' },
};

/** The stream never ends by itself here; it has its own specs. */
const answered = operations.filter(({ id }) => id !== 'job.stream');

describe.each(answered.map((operation) => [operation.id, operation] as const))('%s', (id, operation) => {
  const { method, output, status, access } = operation;
  const body = method === 'POST' || method === 'PATCH' ? JSON.stringify(bodies[id] ?? {}) : undefined;
  const ask = (init: RequestInit = {}) => plane.send(method, pathOf(operation), { body, ...init });

  it('reaches its handler and responds as declared', async () => {
    const answer = await ask();
    expect([answer.status, answer.body]).toEqual([status, expect.anything()]);
    expect(output.safeParse(answer.body).error).toBeUndefined();
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  if (access !== 'public') {
    it('is rejected without a token', async () => {
      const { status, body, headers } = await ask({ headers: { authorization: 'Basic x' } });
      expect([status, body['error'], body['code']]).toEqual([401, 'Invalid token', 'auth.invalid']);
      expect(headers.get('www-authenticate')).toContain('Bearer');
      expect(plane.received).toEqual([]);
    });
  }

  if (access !== 'public' && access !== 'signed-in' && access !== 'read') {
    it('is forbidden for a role without its level, before its input is validated', async () => {
      plane.reply('identity.v1.authenticate', () => ({ ...principal, memberships: [{ aid, role: 'viewer' }] }));
      const viewer = `runos_pat_${id
        .replaceAll(/[^a-z]/g, '')
        .padEnd(12, 'v')
        .slice(0, 12)}.${'v'.repeat(43)}`;
      const answer = await ask({ headers: { authorization: `Bearer ${viewer}` }, ...(body ? { body: '[]' } : {}) });
      expect([answer.status, answer.body['code']]).toEqual([403, 'auth.forbidden']);
    });
  }

  it('forwards a fault of the service with its details', async () => {
    await ask();
    for (const { subject } of plane.received.filter((one) => one.subject !== 'identity.v1.authenticate')) {
      plane.reply(subject, () => {
        throw new Fault('conflict.stale', 'It has moved on.', { generation: 8 });
      });
    }
    const answer = await ask();
    expect([answer.status, answer.body]).toEqual([
      412,
      { error: 'It has moved on.', code: 'conflict.stale', traceId: expect.any(String), generation: 8 },
    ]);
  });
});
