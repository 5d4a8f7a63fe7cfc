import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { aid, principal, token } from '../../test/sample-replies.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness();
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

const services = `/${aid}/ky3/services/valkey`;
const inputOf = (subject: string) =>
  harness.received.filter((one) => one.subject === subject).map(({ input }) => input);

describe('Idempotency-Key', () => {
  const create = (body: string, path = services) =>
    harness.send('POST', path, { body, headers: { 'idempotency-key': 'k 1' } });

  it('reaches the service with a hash that only the same request shares', async () => {
    await create('{"name":"a","replicas":2}');
    await create('{ "replicas": 2.0, "name": "\\u0061" }');
    await create('{"name":"b","replicas":2}');
    await create('{"name":"a","replicas":2}', `/${aid}/ky4/services/valkey`);
    const sent = inputOf('reconciler.v1.instance-create').map(
      ({ idempotency }) => idempotency as { key: string; requestHash: string },
    );
    expect(sent.map(({ key }) => key)).toEqual(['k 1', 'k 1', 'k 1', 'k 1']);
    const [first, repeated, otherBody, otherPath] = sent.map(({ requestHash }) => requestHash);
    expect(repeated).toBe(first);
    expect(new Set([first, otherBody, otherPath]).size).toBe(3);
  });

  it('has the hash that every version computes for this request', async () => {
    await create('{"name":"a","replicas":2}');
    const [input] = inputOf('reconciler.v1.instance-create');
    expect((input?.['idempotency'] as { requestHash: string }).requestHash).toBe(
      '4b88f59594991d1e740453bb1adda0b3bcc78f80c0e12b0073f3d48975d3809f',
    );
  });

  it('does not reach the service with a plan, as If-Match does', async () => {
    const path = `${services}/abcde/overrides/00000000-0000-4000-8000-000000000001`;
    const headers = { 'idempotency-key': 'k 1', 'if-match': '"7"' };
    await harness.send('POST', `${path}/delete/plan`, { headers });
    expect(inputOf('reconciler.v1.override-delete')).toEqual([]);
    const [planned, ...others] = inputOf('reconciler.v1.override-delete-plan');
    expect(others).toEqual([]);
    expect(planned).toMatchObject({ cid: 'ky3', type: 'valkey', id: 'abcde', ifGeneration: 7 });
    expect(planned).not.toHaveProperty('idempotency');
    await harness.send('DELETE', path, { headers: { 'if-match': '"7"' } });
    expect(inputOf('reconciler.v1.override-delete')).toEqual([planned]);
  });

  it('distinguishes persons and roles', async () => {
    await create('{"name":"a"}');
    const others = [
      { ...principal, userId: '00000000-0000-4000-8000-000000000009' },
      { ...principal, memberships: [{ aid, role: 'admin' as const }] },
    ];
    for (const [number, other] of others.entries()) {
      harness.reply('identity.v1.authenticate', () => other);
      const headers = { 'idempotency-key': 'k 1', authorization: `Bearer ${token.slice(0, -1)}${number}` };
      await harness.send('POST', services, { body: '{"name":"a"}', headers });
    }
    const sent = inputOf('reconciler.v1.instance-create').map(
      ({ idempotency }) => idempotency as { caller: string; requestHash: string },
    );
    expect(new Set(sent.map(({ caller }) => caller)).size).toBe(3);
    expect(new Set(sent.map(({ requestHash }) => requestHash)).size).toBe(1);
  });

  it.each(['x'.repeat(65), 'ä', 'a\tb'])('%j is rejected', async (key) => {
    const { status, body } = await harness.send('POST', services, { headers: { 'idempotency-key': key } });
    expect([status, body['issues']]).toEqual([400, [expect.objectContaining({ path: 'Idempotency-Key' })]]);
    expect(inputOf('reconciler.v1.instance-create')).toEqual([]);
  });
});

describe('generations', () => {
  it('are the ETag of a read, regardless of If-None-Match', async () => {
    const { status, headers } = await harness.send('GET', `${services}/abcde`, { headers: { 'if-none-match': '"7"' } });
    expect([status, headers.get('etag')]).toEqual([200, '"7"']);
    expect((await harness.send('GET', services)).headers.get('etag')).toBeNull();
  });

  it.each([
    ['"7"', 7],
    ['7', 7],
    ['W/"7"', 7],
    ['*', undefined],
    ['"1", "2"', [1, 2]],
    ['W/"1",2 , "7"', [1, 2, 7]],
    ['"7",', 7],
  ])('If-Match %s expects %p', async (header, expected) => {
    await harness.send('PATCH', `${services}/abcde`, { body: '{}', headers: { 'if-match': header } });
    expect(inputOf('reconciler.v1.instance-update')[0]?.['ifGeneration']).toEqual(expected);
  });

  it.each(['seven', '-1', '"7', '"1","x"', '"1";"2"', ',', '*,"1"', '99999999999999999999', '1,'.repeat(21)])(
    'If-Match %s is rejected',
    async (header) => {
      const { status, body } = await harness.send('DELETE', `${services}/abcde`, { headers: { 'if-match': header } });
      expect([status, body['code']]).toEqual([400, 'request.invalid']);
    },
  );
});

describe('a resource without a generation', () => {
  const registry = `/${aid}/registries/00000000-0000-7000-8000-000000000005`;
  const writes: readonly [string, string, object, string][] = [
    ['PATCH', registry, { password: 'pw' }, 'reconciler.v1.registry-update'],
    ['DELETE', registry, {}, 'reconciler.v1.registry-delete'],
    ['PATCH', `/${aid}/ky3/nodes/n4x2p`, { tags: ['gpu'] }, 'reconciler.v1.node-update'],
  ];

  it.each(writes)('refuses If-Match in %s %s, which it could not keep', async (method, path, body, subject) => {
    const send = (header: string) =>
      harness.send(method, path, {
        headers: { 'if-match': header },
        ...(method === 'PATCH' && { body: JSON.stringify(body) }),
      });
    const { status, body: refusal } = await send('"7"');
    expect([status, refusal['issues']]).toEqual([400, [expect.objectContaining({ path: 'If-Match' })]]);
    expect(inputOf(subject)).toEqual([]);
    expect((await send('*')).status).toBe(200);
    expect(inputOf(subject)).toHaveLength(1);
  });
});

describe('a write without a job', () => {
  it.each([
    { osid: 'valkey-abcde', noOp: true, message: 'Nothing changed.' },
    { id: 'abcde', osid: 'valkey-abcde', name: 'renamed' },
  ])('gets status 200: %j', async (reply) => {
    harness.reply('reconciler.v1.instance-update', () => reply);
    const { status, body } = await harness.send('PATCH', `${services}/abcde`, { body: '{}' });
    expect([status, body]).toEqual([200, reply]);
  });
});
