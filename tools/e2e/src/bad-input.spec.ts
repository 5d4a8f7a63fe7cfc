import { beforeAll, describe, expect, it } from '@jest/globals';
import { hasBody, type Operation, operations } from '@runos/api';
import { gzipSync } from 'node:zlib';
import type { Answer } from './api-client.js';
import { type Instance, connectToSharedPlane, type PlaneClient } from './plane-client.js';

/** Bodies that every operation rejects, by their defect. */
const bodies: Readonly<Record<string, string | Uint8Array<ArrayBuffer>>> = {
  'no JSON at all': '{"name":',
  'an unknown field': JSON.stringify({ nonsense: true }),
  'an array': '[]',
  'a bare string': '"orders"',
  null: 'null',
  'invalid UTF-8': Uint8Array.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d]),
  'JSON a hundred thousand deep': `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  'more than 1 MiB': JSON.stringify({ name: 'x'.repeat(1_100_000) }),
  'prototype keys': '{"__proto__":{"admin":true},"constructor":{"prototype":1}}',
};

/** Values of the wrong type or size for every field. */
const values: readonly unknown[] = [-1, 1.5, 1e308, 'x'.repeat(70), true, null, [], {}, '\u0000', 2 ** 53];

describe('bad input', () => {
  let planeClient: PlaneClient;
  let instance: Instance;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    instance = await planeClient.create('valkey', { name: 'untouched' });
  });

  /** The path of an operation, with existing ids where possible. */
  const pathOf = ({ path }: Operation) => {
    const known: Record<string, string> = {
      aid: planeClient.info.aid,
      cid: planeClient.info.cid,
      type: 'valkey',
      nid: 'aaaaa',
      setId: '00000000-0000-7000-8000-000000000000',
      wid: '00000000-0000-7000-8000-000000000000',
      id: path.startsWith('/jobs') ? instance.jobId : path.includes('api-keys') ? 'a'.repeat(12) : instance.osid,
    };
    return path.replace(/:(\w+)/g, (_, name: string) => known[name] ?? name);
  };

  /** The number of every kind of resource that a write could create. */
  async function counts(): Promise<number[]> {
    const lists = [
      `${planeClient.services}?limit=1000`,
      `/${planeClient.info.aid}/clusters`,
      `/${planeClient.info.aid}/api-keys`,
      `/${planeClient.info.aid}/config-sets`,
      `/${planeClient.info.aid}/jobs?limit=200`,
    ];
    const answers = await Promise.all(lists.map((path) => planeClient.api.get(path)));
    return answers.map(({ body }) => (Object.values(body).find(Array.isArray) ?? []).length);
  }

  const expectRefused = (answer: Answer, what: string) => {
    const response = `${what}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`;
    if (answer.status < 400 || answer.status >= 500) throw new Error(`not refused, ${response}`);
    if (typeof answer.body['code'] !== 'string' || typeof answer.body['error'] !== 'string')
      throw new Error(`refused without code and error, ${response}`);
    if (answer.body['code'] === 'request.invalid' && !Array.isArray(answer.body['issues']))
      throw new Error(`refused without issues, ${response}`);
  };

  const writes = operations.filter(({ method }) => hasBody(method));

  it.each(writes.map((operation) => [operation.id, operation] as const))(
    '%s refuses every malformed body and writes nothing',
    async (_, operation) => {
      const before = await counts();
      for (const [what, raw] of Object.entries(bodies)) {
        const answer = await planeClient.api.send(operation.method, pathOf(operation), undefined, {
          raw,
          headers: { 'content-type': 'application/json' },
        });
        expectRefused(answer, `${operation.id} with ${what}`);
      }
      expect(await counts()).toEqual(before);
    },
  );

  it('validates every field of a new service and reports all issues', async () => {
    const fields = ['name', 'resourceRequirementClassId', 'version', 'replicas', 'cpuRequestMc', 'storageMb'];
    const before = await counts();
    for (const field of fields) {
      for (const value of values) {
        const answer = await planeClient.api.post(`${planeClient.services}/postgresql`, { [field]: value });
        expectRefused(answer, `${field} = ${JSON.stringify(value).slice(0, 40)}`);
      }
    }
    const { body } = await planeClient.api.post(`${planeClient.services}/postgresql`, {
      name: 7,
      replicas: 'two',
      nonsense: 1,
    });
    const paths = (body['issues'] as { path: string }[]).map(({ path }) => path).sort();
    expect(paths).toEqual(['name', 'nonsense', 'replicas']);
    expect(await counts()).toEqual(before);
  });

  it('rejects an impossible sizing with the field and the rule', async () => {
    const { status, body } = await planeClient.api.patch(instance.path, { cpuLimitMc: 100, cpuRequestMc: 200 });
    expect([status, body['code']]).toEqual([400, 'sizing.invalid']);
    expect(JSON.stringify(body['issues'])).toContain('cpuLimitMc');
    expect((await planeClient.api.patch(instance.path, { storageMb: 4096 })).body['code']).toBe('sizing.invalid');
    const unknown = await planeClient.api.patch(instance.path, { resourceRequirementClassId: 'valkey.c9.huge' });
    expect([unknown.status, unknown.body['code']]).toEqual([400, 'class.unknown']);
  });

  it('answers not found for malformed ids', async () => {
    const paths = [
      `/${planeClient.info.aid}/NOT_A_CID/services`,
      `/${planeClient.info.aid}/${planeClient.info.cid}/services/valkey/nope`,
      '/jobs/not-a-uuid',
      `/${planeClient.info.aid}/config-sets/1`,
      `/${planeClient.info.aid}/api-keys/%00`,
      '/nothing/at/all',
    ];
    for (const path of paths) expect([path, (await planeClient.api.get(path)).status]).toEqual([path, 404]);
  });

  it('rejects unknown queries', async () => {
    for (const query of ['limit=0', 'limit=1e9', 'limit=abc', 'limit=1&limit=2', 'nonsense=1', 'cursor=%FF']) {
      expectRefused(await planeClient.api.get(`${planeClient.services}?${query}`), query);
    }
  });

  it('rejects other content types, and invalid encodings', async () => {
    const path = `${planeClient.services}/valkey`;
    const xml = { raw: '<name/>', headers: { 'content-type': 'application/xml' } };
    expectRefused(await planeClient.api.send('POST', path, undefined, xml), 'XML');
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    expectRefused(await planeClient.api.send('POST', path, undefined, { raw: '{}', headers }), 'gzip that is none');
    const bomb = new Uint8Array(gzipSync(`{"name":"${'x'.repeat(8 << 20)}"}`));
    expectRefused(await planeClient.api.send('POST', path, undefined, { raw: bomb, headers }), 'a gzip bomb');
  });
});
