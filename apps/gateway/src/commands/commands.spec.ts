import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CommandCatalog, type Role, roles } from '@runos/api';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { aid, principal } from '../../test/sample-replies.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ cliVersion: '1.4.0' });
});
beforeEach(() => harness.reset());
afterAll(() => harness.stop());

const manifest = `/${aid}/cli/manifest`;

function get(path: string, role: Role, headers: Record<string, string> = {}) {
  harness.reply('identity.v1.authenticate', () => ({ ...principal, memberships: [{ aid, role }] }));
  const authorization = `Bearer runos_pat_${role.padEnd(12, 'c')}.${'c'.repeat(43)}`;
  return harness.send('GET', path, { headers: { authorization, ...headers } });
}

const catalogOf = async (role: Role, path = manifest) => (await get(path, role)).body as unknown as CommandCatalog;

describe('the command catalog', () => {
  it('has the version of its version route, as its ETag too', async () => {
    for (const prefix of [`/${aid}`, '']) {
      const { body, headers } = await get(`${prefix}/cli/manifest`, 'member');
      const { body: short } = await get(`${prefix}/cli/manifest-version`, 'member');
      expect(short).toEqual({ version: body['version'] });
      expect(headers.get('etag')).toBe(`"${String(body['version'])}"`);
    }
  });

  it('is not sent again while its version is current', async () => {
    const { version } = await catalogOf('member');
    const current = await get(manifest, 'member', { 'if-none-match': `"other", W/"${version}"` });
    expect([current.status, current.headers.get('etag'), current.body]).toEqual([304, `"${version}"`, {}]);
    expect((await get(manifest, 'member', { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get(manifest, 'admin', { 'if-none-match': `"${version}"` })).status).toBe(200);
  });

  it('has the commands that a role may call, and another version exactly where they differ', async () => {
    const levels = new Map<Role, string[]>();
    const versions = new Map<string, string>();
    for (const role of roles) {
      const { version, commands } = await catalogOf(role);
      levels.set(role, [...new Set(commands.flatMap(({ mcp = [] }) => mcp))].sort());
      const content = JSON.stringify(commands);
      expect(versions.get(content) ?? version).toBe(version);
      versions.set(content, version);
    }
    expect(new Set(versions.values()).size).toBe(versions.size);
    expect(Object.fromEntries(levels)).toEqual({
      viewer: ['read'],
      member: ['read', 'sensitive_read', 'write'],
      admin: ['read', 'sensitive_read', 'sensitive_write', 'write'],
      owner: ['read', 'sensitive_read', 'sensitive_write', 'write'],
    });
  });

  it('is whole on the route without an account', async () => {
    expect(await catalogOf('viewer', '/cli/manifest')).toEqual(await catalogOf('owner'));
  });

  it('is forbidden for an account that is not the caller, existing or not', async () => {
    for (const [other, route] of [
      ['other', 'manifest'],
      ['NOT_AN_AID', 'manifest'],
      ['other', 'manifest-version'],
      ['other', 'toolsets'],
    ]) {
      const { status, body } = await get(`/${other}/cli/${route}`, 'owner');
      expect([status, body['code']]).toEqual([403, 'auth.forbidden']);
    }
  });
});

describe('the routes that clients call by themselves', () => {
  it('show the account of the path, and no modules', async () => {
    expect((await get(`/${aid}/account/profile`, 'viewer')).body).toEqual({
      aid,
      name: 'Example',
      companyName: 'Example',
      accountRole: 'owner',
    });
    expect((await get(`/${aid}/modules`, 'viewer')).body).toEqual({ modules: [] });
    expect((await get(`/${aid}/cli/toolsets`, 'viewer')).body).toMatchObject({
      scoped: false,
      serviceTypes: ['postgresql', 'rabbitmq', 'valkey'],
    });
  });

  it('show the version of the program if one is configured', async () => {
    const { status, body } = await get(`/${aid}/system-config?key=CLI_VERSION`, 'viewer');
    expect([status, body]).toEqual([200, { key: 'CLI_VERSION', value: '1.4.0', scope: 'system' }]);
    const missing = await get(`/${aid}/system-config?key=OTHER`, 'viewer');
    expect([missing.status, missing.body['code']]).toEqual([404, 'setting.not_found']);
  });
});

describe('the inputs that clients send', () => {
  const inputOf = (subject: string) => harness.received.filter((one) => one.subject === subject).at(-1)?.input;

  it('take an empty parameter of a query for an absent one, and refuse one that does not exist', async () => {
    const { status } = await harness.send('GET', `/${aid}/jobs?status=&type=&limit=&cid=`);
    expect(status).toBe(200);
    expect(inputOf('jobs.v1.list')).toMatchObject({ limit: 50 });
    expect(inputOf('jobs.v1.list')).not.toHaveProperty('status');
    expect((await harness.send('GET', `/${aid}/jobs?nonsense=`)).status).toBe(400);
    expect((await harness.send('GET', `/${aid}/jobs?status=&status=`)).status).toBe(400);
  });

  it('may have fields of the query in the body of a write', async () => {
    const one = `/${aid}/ky3/services/valkey/abcde`;
    const forced: readonly [string, string, object][] = [
      ['PATCH', `${one}/restart`, { flags: { force: true } }],
      ['PATCH', `${one}/restart`, { force: true }],
      ['PATCH', `${one}/restart?force=true`, { flags: { force: false } }],
      ['PATCH', `${one}/restart?force=`, { flags: { force: true } }],
      ['PATCH', `${one}/restart?force`, { force: true }],
    ];
    for (const [method, path, body] of forced) {
      const { status } = await harness.send(method, path, { body: JSON.stringify(body) });
      expect([path, status, inputOf('reconciler.v1.instance-restart')?.['force']]).toEqual([path, 202, true]);
    }
    const contradicting: readonly [string, object][] = [
      [`${one}/restart?force=true`, { force: false }],
      [`${one}/restart?force=false`, { flags: { force: true } }],
      [`${one}/restart`, { force: false, flags: { force: true } }],
      [`/${aid}/ky3/apps/abcde?merge=true`, { merge: false }],
      [`/${aid}/ky3/apps/abcde?merge=true`, { flags: { merge: false } }],
    ];
    for (const [path, body] of contradicting) {
      const refused = await harness.send('PATCH', path, { body: JSON.stringify(body) });
      const [field] = /force|merge/.exec(path) ?? ['force'];
      expect([path, refused.status, refused.body['issues']]).toEqual([
        path,
        400,
        [{ path: field, message: 'has two values' }],
      ]);
    }
    const wave = JSON.stringify({ type: 'valkey', limit: 7 });
    for (const path of ['upgrades/plan', 'upgrades/plan?limit=']) {
      expect([path, (await harness.send('POST', `/${aid}/${path}`, { body: wave })).status]).toEqual([path, 200]);
      expect([path, inputOf('reconciler.v1.upgrade-plan')]).toMatchObject([path, { type: 'valkey', limit: 7 }]);
    }
    for (const flags of [{ force: 'often' }, { force: [] }, { nonsense: true }]) {
      const refused = await harness.send('PATCH', `${one}/restart`, { body: JSON.stringify({ flags }) });
      expect([flags, refused.status]).toEqual([flags, 400]);
    }
  });

  it('name a cluster that does not exist in the words that clients look for', async () => {
    const { body } = await harness.send('GET', `/${aid}/NO/services`);
    expect(body['error']).toBe(`Cluster 'NO' not found in account '${aid}'.`);
  });
});
