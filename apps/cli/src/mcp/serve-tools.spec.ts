import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { documentCommands, toolCatalog } from '../../test/tool-catalog.js';
import { ToolClient } from '../../test/tool-client.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /a1/cli/manifest', toolCatalog);
  gateway.reply('GET /a1/cli/manifest-version', { version: toolCatalog.version });
  gateway.reply('GET /a1/cli/toolsets', { scoped: false });
});

const clients: ToolClient[] = [];
afterEach(async () => {
  for (const { client } of clients.splice(0)) await client.close();
});

const env = (more: Record<string, string> = {}) => ({
  HOME: home.folder,
  RUNOS_API_URL: gateway.url,
  RUNOS_API_KEY: 'key1',
  RUNOS_ACCOUNT_ID: 'a1',
  RUNOS_CLUSTER_ID: 'demo',
  ...more,
});
async function start(levels: readonly string[] = [], more: Record<string, string> = {}): Promise<ToolClient> {
  const started = await ToolClient.start(levels, env(more));
  clients.push(started);
  return started;
}
const last = () => gateway.received.at(-1);
const writes = () => gateway.received.filter(({ method }) => method !== 'GET').map(({ method, url }) => [method, url]);
const one = '/a1/demo/services/postgresql/o0i2a';

describe('the tools', () => {
  const service = 'services_postgresql';
  it.each([
    [
      [],
      ['clusters_list', 'clusters_show', `${service}_list`, `${service}_show`, 'jobs_show', `${service}_plan-update`],
    ],
    [['sensitive_read'], [`${service}_credentials`, `${service}_logs`]],
    [['write'], [`${service}_add`, `${service}_update`, `${service}_delete`, 'account_api-keys_revoke']],
    [['sensitive_write'], ['account_api-keys_add']],
  ])('of the levels %j are %j', async (levels, names) => {
    expect([...(await (await start(levels)).names())].sort()).toEqual([...names].sort());
  });

  it('may be of several levels, and of the service types of a limited account alone', async () => {
    expect((await (await start(['read', 'write'])).names()).length).toBe(10);
    gateway.reply('GET /a1/cli/toolsets', { scoped: true, serviceTypes: ['valkey'] });
    expect(await (await start(['read'])).names()).toEqual(['clusters_list', 'clusters_show', 'jobs_show']);
  });

  it('describe their arguments with types, values, defaults and units', async () => {
    const { client } = await start(['write']);
    const { tools } = await client.listTools();
    const add = tools.find(({ name }) => name === 'services_postgresql_add');
    expect(add?.description).toBe('Create a PostgreSQL. Changes nothing without confirm: true, but shows the request.');
    expect(add?.inputSchema).toMatchObject({
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: {
        cid: { type: 'string', description: 'Cluster id. demo where none is given.' },
        name: { type: 'string', description: 'Its name.', minLength: 1 },
        resourceRequirementClassId: { enum: ['postgresql.c0.small', 'custom'], default: 'postgresql.c0.small' },
        storageMb: { type: 'integer', minimum: 0, description: 'Storage in MiB.' },
        nodeAffinityTags: { type: 'array', items: { type: 'string' } },
        secured: { type: 'boolean', default: true },
        confirm: { type: 'boolean', default: false },
      },
    });
    const remove = tools.find(({ name }) => name === 'services_postgresql_delete');
    expect(remove?.annotations).toMatchObject({ readOnlyHint: false, destructiveHint: true });
  });

  it('need the id of a cluster where none is chosen', async () => {
    const { RUNOS_CLUSTER_ID: _, ...others } = env();
    const started = await ToolClient.start([], others);
    clients.push(started);
    const { tools } = await started.client.listTools();
    const list = tools.find(({ name }) => name === 'services_postgresql_list');
    expect(list?.inputSchema.required).toEqual(['cid']);
  });
});

describe('a call', () => {
  it('reads with the inputs and their defaults', async () => {
    gateway.reply('GET /a1/prod/services/postgresql', { services: [{ id: 'o0i2a' }] });
    const { isError, document } = await (await start()).call('services_postgresql_list', { cid: 'prod' });
    expect([isError, document]).toEqual([false, { services: [{ id: 'o0i2a' }] }]);
    expect([last()?.url, last()?.headers.authorization]).toEqual([
      '/a1/prod/services/postgresql?limit=20&all=false',
      'Bearer key1',
    ]);
  });

  it('that writes is not sent without confirmation, and shows its request', async () => {
    const client = await start(['write']);
    for (const given of [{}, { confirm: false }]) {
      const { isError, document } = await client.call('services_postgresql_delete', { id: 'o0i2a', ...given });
      expect([isError, document]).toEqual([
        false,
        expect.objectContaining({ confirmed: false, request: { method: 'DELETE', path: one } }),
      ]);
    }
    expect(writes()).toEqual([]);
  });

  it('that writes shows its plan, where the server has one', async () => {
    gateway.reply(`POST ${one}/plan`, { changes: [{ path: 'replicas', from: 2, to: 3 }] });
    const { document } = await (
      await start(['write'])
    ).call('services_postgresql_update', { id: 'o0i2a', replicas: 3 });
    expect(document).toMatchObject({ confirmed: false, plan: { changes: [{ to: 3 }] } });
    expect([writes(), last()?.body]).toEqual([[['POST', `${one}/plan`]], { replicas: 3 }]);
  });

  it('that writes is sent once when it is confirmed', async () => {
    gateway.reply('POST /a1/demo/services/postgresql', { id: 'o0i2a', jobId: 'j1' });
    const given = { name: 'orders', storageMb: 2048, vector: true, confirm: true };
    const { document } = await (await start(['write'])).call('services_postgresql_add', given);
    expect(document).toEqual({ id: 'o0i2a', jobId: 'j1' });
    expect(writes().length).toBe(1);
    expect(last()?.headers['idempotency-key']).toBeDefined();
    expect(last()?.body).toEqual({
      name: 'orders',
      storageMb: 2048,
      resourceRequirementClassId: 'postgresql.c0.small',
      flags: { vector: true, secured: true },
    });
  });

  it.each([
    [{}, "must have required property 'name'"],
    [{ name: '' }, 'name must NOT have fewer than 1 characters'],
    [{ name: 'a', storageMb: '2048' }, 'storageMb must be integer'],
    [{ name: 'a', resourceRequirementClassId: 'huge' }, 'must be equal to one of the allowed values'],
    [{ name: 'a', nodeAffinityTags: [1] }, 'nodeAffinityTags/0 must be string'],
    [{ name: 'a', size: 1, confirm: true }, 'must NOT have additional properties'],
  ])('with wrong arguments %j is not sent', async (given, problem) => {
    const { isError, document } = await (await start(['write'])).call('services_postgresql_add', given);
    expect([isError, document['code'], document['error']]).toEqual([
      true,
      'arguments.invalid',
      expect.stringContaining(problem),
    ]);
    expect(writes()).toEqual([]);
  });

  it.each([
    [401, { error: 'Invalid token', code: 'auth.invalid', traceId: 't1' }, /does not accept your key: Invalid token/],
    [404, { error: 'No such service.', code: 'service.not_found', traceId: 't1' }, /No such service/],
    [409, { error: 'It is needed.', code: 'service.in_use', traceId: 't1' }, /It is needed/],
  ])('that is refused with %i answers the code, the text and the trace id', async (status, body, text) => {
    const client = await start();
    gateway.reply(`GET ${one}`, (_request, response) => answer(response, status, body));
    const { isError, document } = await client.call('services_postgresql_show', { id: 'o0i2a' });
    expect(isError).toBe(true);
    expect(document).toMatchObject({ statusCode: status, code: body.code, traceId: 't1' });
    expect(document['error']).toMatch(text);
  });

  it('reports that the gateway is away', async () => {
    const client = await start();
    gateway.reply(`GET ${one}`, (_request, response) => response.destroy());
    const { isError, document } = await client.call('services_postgresql_show', { id: 'o0i2a' });
    expect([isError, document['code'], document['error']]).toEqual([
      true,
      'network.unreachable',
      expect.stringContaining(`Cannot reach ${gateway.url}`),
    ]);
  });

  it('of a tool that does not exist, or is of another level, is refused by the protocol', async () => {
    const client = await start();
    await expect(client.call('services_mysql_add')).rejects.toThrow('There is no tool "services_mysql_add".');
    await expect(client.call('services_postgresql_delete', { id: 'o0i2a' })).rejects.toThrow('There is no tool');
    await expect(client.call('clusters_reset')).rejects.toThrow('There is no tool');
  });

  it('reads of a server with documents are locked until those are read', async () => {
    gateway.reply('GET /a1/cli/manifest', { version: '3', commands: [...toolCatalog.commands, ...documentCommands] });
    gateway.reply('GET /a1/clusters', { clusters: [] });
    gateway.reply('GET /a1/cli/mcp/bootstrap', { topics: ['jobs', 'apps'] });
    for (const key of ['jobs', 'apps']) gateway.reply(`GET /a1/cli/mcp/topics/${key}`, { key });
    const client = await start();
    expect((await client.call('clusters_list')).document).toMatchObject({
      code: 'mcp.locked',
      remedy: 'call mcp_bootstrap, then read 2 topics with mcp_topics_show or mcp_topics_search',
    });
    await client.call('mcp_bootstrap');
    await client.call('mcp_topics_show', { key: 'jobs' });
    await client.call('mcp_topics_show', { key: 'jobs' });
    await client.call('mcp_topics_show', { key: 'none' });
    expect((await client.call('clusters_list')).document).toMatchObject({
      remedy: 'read 1 topic with mcp_topics_show or mcp_topics_search',
    });
    await client.call('mcp_topics_show', { key: 'apps' });
    expect(await client.call('clusters_list')).toEqual({ isError: false, document: { clusters: [] } });
  });
});

describe('the process', () => {
  const spawned = (levels: readonly string[] = []) =>
    spawn(process.execPath, [resolve(import.meta.dirname, '../../bin/runos.mjs'), 'mcp', ...levels], { env: env() });

  it('ends when its client closes the connection, also during a call', async () => {
    gateway.reply(`GET ${one}`, () => undefined);
    const child = spawned();
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const send = (id: number, method: string, params: object) =>
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    const clientInfo = { name: 'spec', version: '1' };
    send(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
    send(2, 'tools/call', { name: 'services_postgresql_show', arguments: { id: 'o0i2a' } });
    child.stdin.end();
    const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })) as [number];
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { jsonrpc: string });
    expect([code, lines.every(({ jsonrpc }) => jsonrpc === '2.0')]).toEqual([0, true]);
  });

  it('answers what was sent before its client closed the connection', async () => {
    gateway.reply('GET /a1/clusters', { clusters: [{ cid: 'demo' }] });
    const message = (id: number, method: string, params: object) =>
      JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const clientInfo = { name: 'spec', version: '1' };
    const input = [
      message(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo }),
      message(2, 'tools/call', { name: 'clusters_list' }),
    ];
    const { exitCode, stdout, stderr } = await home.run(['mcp'], { env: env(), input: `${input.join('\n')}\n` });
    expect([exitCode, stderr, stdout.trim().split('\n').length]).toEqual([0, '', 2]);
    expect(stdout).toContain('demo');
  });

  it('does not start without a log-in, and reports why on standard error', async () => {
    const { RUNOS_API_KEY: _, ...others } = env();
    expect(await home.run(['mcp'], { env: others })).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringContaining('You are not logged in.'),
    });
    expect(await home.run(['mcp', 'wirte'], { env: env() })).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('Allowed choices are read, sensitive_read, write, sensitive_write'),
    });
  });

  it('leaves the commands of the catalog in its group', async () => {
    gateway.reply('GET /a1/cli/manifest', { version: '3', commands: documentCommands });
    gateway.reply('GET /a1/cli/mcp/topics/jobs', { key: 'jobs', title: 'Jobs' });
    expect(await home.run(['mcp', 'topics', 'show', 'jobs'], { env: env() })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Jobs'),
    });
  });
});
