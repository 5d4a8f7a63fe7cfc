import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hasBody, operations } from '@runos/api';
import { Fault } from '@runos/kernel';
import { aid, setId } from '../../test/sample-replies.js';
import { pathOf, type GatewayHarness, startHarness } from '../../test/harness.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ maxBodyBytes: 4096, writesPerMinute: 0 });
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

type Body = NonNullable<RequestInit['body']>;

const services = `/${aid}/ky3/services/valkey`;
const behind = () => harness.received.filter(({ subject }) => subject !== 'identity.v1.authenticate');
const issuesOf = (body: Record<string, unknown>) => body['issues'] as { path: string; message: string }[];
const post = (body: Body, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  harness.send('POST', services, { body, headers });

const malformed: Readonly<Record<string, Body>> = {
  'no JSON': '{"name":',
  'an unknown field': '{"nonsense":1}',
  'an array': '[]',
  'a text': '"orders"',
  null: 'null',
  'invalid UTF-8': Uint8Array.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]),
  'JSON too deep': `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
  'prototype keys': '{"__proto__":{"admin":true}}',
  'a NUL': '{"name":"a\\u0000b"}',
  'half a surrogate pair': '{"name":"\\ud800"}',
};

describe('the body', () => {
  const writes = operations.filter(({ method }) => hasBody(method));
  it.each(writes.map((operation) => [operation.id, operation] as const))(
    'of %s is refused when malformed',
    async (_, op) => {
      for (const [what, body] of Object.entries(malformed)) {
        const response = await harness.send(op.method, pathOf(op), {
          body,
          headers: { 'content-type': 'application/json' },
        });
        expect([what, response.status, response.body['code']]).toEqual([what, 400, 'request.invalid']);
        expect([what, issuesOf(response.body).length]).not.toEqual([what, 0]);
      }
      expect(behind()).toEqual([]);
    },
  );

  it('may name types and versions that this build lacks: services of a newer build decide about them', async () => {
    const named = [
      ['POST', services, { version: '99' }],
      ['POST', `/${aid}/ky3/services/unseen`, { version: '99', own: 1 }],
      ['POST', `${services}/abcde/upgrade`, { version: '99' }],
      ['POST', `/${aid}/upgrades`, { type: 'unseen', version: '99', maxUnavailable: 1 }],
      ['PATCH', `/${aid}/ky3/services/unseen/abcde`, { own: 1 }],
      ['POST', `/${aid}/ky3/services/unseen/abcde/set-advanced-configs`, { own: '1' }],
    ] as const;
    for (const [method, path, body] of named) {
      const { status } = await harness.send(method, path, { body: JSON.stringify(body) });
      expect([path, Math.floor(status / 100)]).toEqual([path, 2]);
    }
    for (const path of ['rrc', 'versions'].map((each) => `/service-info/unseen/${each}`)) {
      expect([path, (await harness.send('GET', path)).status]).toEqual([path, 200]);
    }
    expect(behind()).toHaveLength(named.length + 2);
  });

  it('may name a type of this build that services of an older build lack', async () => {
    const lacking = () => {
      throw new Fault('type.not_found', 'There is no service type "valkey".');
    };
    for (const subject of ['catalog.v1.classes', 'catalog.v1.versions', 'reconciler.v1.instance-create'])
      harness.reply(subject, lacking);
    for (const [method, path] of [
      ['GET', '/service-info/valkey/rrc'],
      ['GET', '/service-info/valkey/versions'],
      ['POST', services],
    ] as const) {
      const { status, body } = await harness.send(method, path);
      expect([path, status, body['code']]).toEqual([path, 404, 'type.not_found']);
    }
  });

  it('gets the issues of its size beside those of other fields', async () => {
    const { status, body } = await post('{"foo":1,"replicas":1.5,"cpuLimitMc":0,"memoryLimitMb":"x"}');
    expect([status, body['code']]).toEqual([400, 'request.invalid']);
    expect(issuesOf(body)).toEqual([
      { path: 'memoryLimitMb', message: expect.stringContaining('number') },
      { path: 'foo', message: 'is not a field here' },
      { path: 'replicas', message: expect.stringMatching(/1\.5.*whole number of replicas from 1 to 20/) },
      { path: 'cpuLimitMc', message: expect.stringContaining('from 1 to') },
    ]);
  });

  it('with a doubled key is refused with its name', async () => {
    const { status, body } = await post('{"name":"a","flags":{"x":1,"x":2},"name":"b"}');
    expect([status, body['code']]).toEqual([400, 'request.invalid']);
    expect(issuesOf(body)).toEqual([
      { path: 'flags.x', message: 'must be given once' },
      { path: 'name', message: 'must be given once' },
    ]);
    expect(behind()).toEqual([]);
  });

  it('gets all issues, each with its path', async () => {
    const { body } = await post('{"name":7,"replicas":"two","nonsense":1,"flags":{"x":true}}');
    expect(
      issuesOf(body)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['flags.x', 'name', 'nonsense', 'replicas']);
    expect(body['error']).toContain('replicas: ');
  });

  it('gets the path of a character that cannot be stored', async () => {
    const body = JSON.stringify({ values: { shared_buffers: 'a\0' } });
    const response = await harness.send('PATCH', `/${aid}/config-sets/${setId}`, { body });
    expect(issuesOf(response.body)[0]?.path).toBe('values.shared_buffers');
  });

  it('may be missing when no field is required, with any content type', async () => {
    expect((await harness.send('POST', services)).status).toBe(202);
    expect((await harness.send('POST', services, { headers: { 'content-type': 'application/json' } })).status).toBe(
      202,
    );
    expect((await harness.send('PATCH', `${services}/abcde/restart`)).status).toBe(202);
    const missing = await harness.send('POST', `/${aid}/config-sets`);
    expect(
      issuesOf(missing.body)
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['name', 'type', 'values']);
  });

  it('must be JSON in UTF-8', async () => {
    for (const type of ['application/xml', 'text/plain', 'application/json; charset=latin1', 'multipart/form-data']) {
      const { status, body } = await post('{}', { 'content-type': type });
      expect([type, status, issuesOf(body)[0]?.path]).toEqual([type, 400, 'Content-Type']);
    }
    const headers = { 'content-type': 'application/json; charset="UTF-8"' };
    expect((await post('{}', headers)).status).toBe(202);
    const wrong = await post('{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    expect([wrong.status, wrong.body['code']]).toEqual([400, 'request.invalid']);
    const strange = await post('{}', { 'content-type': 'application/json', 'content-encoding': 'zstd9' });
    expect([strange.status, strange.body['code']]).toEqual([400, 'request.invalid']);
  });

  it('is rejected above the size limit, compressed or not, before authentication', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(5_000) });
    const bomb = Uint8Array.from(gzipSync(JSON.stringify({ name: 'x'.repeat(1_000_000) })));
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip', authorization: 'none' };
    for (const response of [await post(large, { authorization: 'none' }), await post(bomb, headers)]) {
      expect([response.status, response.body['code'], response.body['value']]).toEqual([
        413,
        'request.too_large',
        4096,
      ]);
    }
    const packed = Uint8Array.from(gzipSync('{"name":"orders"}'));
    expect((await post(packed, { 'content-type': 'application/json', 'content-encoding': 'gzip' })).status).toBe(202);
  });

  it('is rejected when the operation has none', async () => {
    expect((await harness.send('DELETE', `${services}/abcde`, { body: '{"force":true}' })).status).toBe(400);
    expect(behind()).toEqual([]);
  });
});

describe('the query', () => {
  it.each([
    'limit=0',
    'limit=1e9',
    'limit=abc',
    'limit=1&limit=2',
    'limit=&limit=2',
    'nonsense=1',
    'nonsense=',
    'cursor=%FF',
    'cursor=%00',
    '%',
  ])('%s is refused', async (query) => {
    const { status, body } = await harness.send('GET', `/${aid}/ky3/services?${query}`);
    expect([status, body['code'], issuesOf(body).length]).toEqual([400, 'request.invalid', 1]);
    expect(behind()).toEqual([]);
  });

  it('reaches the service decoded and with defaults', async () => {
    await harness.send('GET', `/${aid}/ky3/services?cursor=a%2Bb+c&`);
    expect(behind()[0]?.input).toEqual({ cid: 'ky3', limit: 500, cursor: 'a+b c' });
  });

  it('has defaults for empty values too', async () => {
    await harness.send('GET', `/${aid}/ky3/services?limit=&cursor`);
    expect(behind()[0]?.input).toEqual({ cid: 'ky3', limit: 500 });
  });
});
