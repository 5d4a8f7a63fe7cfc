import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome, MemoryTerminalOptions } from '../../test/memory-terminal.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /a1/cli/manifest', sampleCatalog);
  gateway.reply('GET /a1/cli/manifest-version', { version: sampleCatalog.version });
});

const env = () => ({
  RUNOS_API_URL: gateway.url,
  RUNOS_API_KEY: 'key1',
  RUNOS_ACCOUNT_ID: 'a1',
  RUNOS_CLUSTER_ID: 'demo',
});
const run = (argv: string, options: MemoryTerminalOptions = {}) =>
  home.run(argv.split(' '), { ...options, env: { ...env(), ...options.env } });
const base = '/a1/demo/services/postgresql';
const created = { id: 'o0i2a', osid: 'postgresql-o0i2a', name: 'orders', status: 'pending', jobId: 'j1' };
/** The last request that is not about the catalog or the version of the program. */
const sent = () => gateway.received.filter(({ url }) => !/\/cli\/|system-config/.test(url)).at(-1);

describe('a command of the catalog', () => {
  beforeEach(() => gateway.reply(`POST ${base}`, created));

  it('sends its inputs with their defaults, switches apart, and offers what to do next', async () => {
    const result = await run(
      'services postgresql add --name orders --storageMb 2048 --provider-config.location eu --vector',
    );
    expect(sent()).toMatchObject({
      method: 'POST',
      url: base,
      body: {
        name: 'orders',
        resourceRequirementClassId: 'postgresql.c0.small',
        storageMb: 2048,
        providerConfig: { location: 'eu' },
        flags: { vector: true, secured: true },
      },
    });
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/^orders · postgresql-o0i2a\n[^]*Status\s+pending\n/);
    expect(result.stderr).toContain('runos follow j1');
    expect(result.stderr).toContain('runos services postgresql credentials o0i2a');
  });

  it('takes lists, maps and switches in every spelling', async () => {
    await run(
      'services postgresql add --name=a --node-affinity-tags x --nodeAffinityTags y --labels a=b --labels c=d --secured=false --no-backup',
    );
    expect(sent()?.body).toMatchObject({
      nodeAffinityTags: ['x', 'y'],
      labels: { a: 'b', c: 'd' },
      flags: { secured: false },
      noBackup: true,
    });
  });

  it('prints the answer alone as one document', async () => {
    const { stdout, stderr } = await run('services postgresql add --name orders --json');
    expect([JSON.parse(stdout), stderr]).toEqual([created, '']);
    expect((await run('services postgresql add --name orders -o yaml')).stdout).toContain('osid: postgresql-o0i2a\n');
    expect((await run('services postgresql add --name orders --quiet')).stderr).toBe('');
  });

  it.each([
    ['services postgresql add', /name is missing \(Its name\)\.\n {2}Field {3}name\n {2}Do {6}add --name STRING/],
    ['services postgresql add --name a --storage-mb -1', /at least 0/],
    ['services postgresql add --name a --storage-mb x', /must be a number, not "x"/],
    [
      'services postgresql add --name a --resource-requirement-class-id x',
      /must be one of postgresql.c0.small, custom/,
    ],
    ['services postgresql add --nam a', /Did you mean --name\?/],
    ['services postgresql ad', /Did you mean add\?/],
    ['services postgre list', /Did you mean postgresql\?/],
    ['services postgresql list --limit 0', /at least 1/],
    ['services postgresql show', /give it as argument <id>/],
    ['services postgresql update o0i2a', /Nothing is changed/],
    ['services', /A command is missing/],
  ])('refuses "%s" before anything is sent', async (argv, message) => {
    const { exitCode, stderr, stdout } = await run(argv);
    expect([exitCode, stdout]).toEqual([64, '']);
    expect(stderr).toMatch(message);
    expect(sent()).toBeUndefined();
  });

  it('reads inputs from a file, and names the line that is wrong', async () => {
    writeFileSync(join(home.folder, 'db.yaml'), '# mine\nname: fromfile\nstorageMb: 4096\nvector: true\n');
    await run('services postgresql add -f db.yaml --storage-mb 1');
    expect(sent()?.body).toMatchObject({ name: 'fromfile', storageMb: 1, flags: { vector: true } });
    writeFileSync(join(home.folder, 'db.yaml'), 'name: a\nreplica: 2\n');
    const wrong = await run('services postgresql add -f db.yaml');
    expect([wrong.exitCode, wrong.stderr]).toEqual([64, expect.stringContaining('File    db.yaml, line 2')]);
    writeFileSync(join(home.folder, 'db.yaml'), 'name: a\nstorageMb: "x"\n');
    expect((await run('services postgresql add -f db.yaml')).stderr).toContain('line 2');
    writeFileSync(join(home.folder, 'db.yaml'), `name: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`);
    const deep = await run('services postgresql add -f db.yaml');
    expect([deep.exitCode, deep.stderr]).toEqual([64, expect.stringContaining('it nests deeper than 100 levels.')]);
    await run('services postgresql add -f -', { input: '{"name":"piped"}' });
    expect(sent()?.body).toMatchObject({ name: 'piped' });
  });

  it('lists with columns that fit, reasons last, and ages', async () => {
    const createdAt = '2000-01-01T00:00:00.000Z';
    const services = [
      { name: 'orders', id: 'o0i2a', status: 'healthy', createdAt },
      { name: 'cache', id: 'slrt4', status: 'degraded', createdAt, reason: 'Unschedulable: 2 nodes lack memory' },
    ];
    gateway.reply(`GET ${base}`, { services, nextCursor: null });
    const { stdout } = await run('services postgresql list');
    expect(sent()?.url).toBe(`${base}?limit=20&all=false`);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^NAME {4}ID {5}STATUS {4}AGE {4}REASON$/),
      expect.stringMatching(/^orders {2}o0i2a {2}healthy {3}\d+d$/),
      expect.stringMatching(/^cache {3}slrt4 {2}degraded {2}\d+d {2}Unschedulable: 2 nodes lack memory$/),
      '',
    ]);
    expect((await run('services postgresql list', { columns: 60 })).stdout).toContain('\u001b[32mhealthy\u001b[39m');
    gateway.reply(`GET ${base}`, { services: [] });
    expect((await run('services postgresql list')).stdout).toBe('None.\n');
  });

  it('is never cut for another program', async () => {
    const reason = 'The scheduler finds no node with enough free memory. '.repeat(5).trim();
    gateway.reply(`GET ${base}`, { services: [{ id: 'o0i2a', name: 'orders', status: 'degraded', reason }] });
    expect((await run('services postgresql list')).stdout).toContain(`${reason}\n`);
    expect((await run('services postgresql list', { columns: 80 })).stdout).toContain('…\n');
  });

  it('marks the cluster that commands use', async () => {
    gateway.reply('GET /a1/clusters', {
      clusters: [
        { cid: 'demo', name: 'Demo' },
        { cid: 'prod1', name: 'Prod' },
      ],
    });
    const { stdout } = await run('clusters list --json');
    expect(JSON.parse(stdout)).toMatchObject({ clusters: [{ isDefault: true }, { cid: 'prod1' }] });
    gateway.reply('GET /a1/clusters/prod1', { cid: 'prod1' });
    expect((await run('clusters show prod1')).exitCode).toBe(0);
  });

  it('lets keys expire after 90 days, and warns that the token is shown once', async () => {
    gateway.reply('POST /a1/api-keys', { id: 'k1', name: 'ci', token: 'runos_pat_x' });
    const { stdout, stderr } = await run('account api-keys add --name ci');
    expect(stdout).toContain('runos_pat_x');
    expect(stderr).toContain('shown this once');
    const { expiresAt } = sent()?.body as { expiresAt: string };
    expect((Date.parse(expiresAt) - Number(new Date())) / 86_400_000).toBeCloseTo(90, 1);
  });

  it('prints logs as lines, with --since in any unit, and nothing that controls the terminal', async () => {
    const entry = {
      timestamp: '2030-01-01T00:00:00Z',
      podName: 'p-0',
      containerName: 'c',
      message: '\u001b[31mred\u0007',
    };
    gateway.reply(`GET ${base}/o0i2a/logs`, { entries: [entry] });
    const { stdout } = await run('services postgresql logs o0i2a --since 5m');
    expect([sent()?.url, stdout]).toEqual([
      `${base}/o0i2a/logs?tail=100&since=300&previous=false`,
      '2030-01-01T00:00:00Z [p-0] red\n',
    ]);
    expect((await run('services postgresql logs o0i2a --since 91d')).exitCode).toBe(64);
    expect((await run('logs postgresql-o0i2a --tail 5')).stdout).toBe('2030-01-01T00:00:00Z [p-0] red\n');
    expect(sent()?.url).toBe(`${base}/o0i2a/logs?tail=5`);
  });

  it('reports failures of the server with field and trace id, also in an answer with status 200', async () => {
    gateway.reply(`POST ${base}`, (_request, response) =>
      answer(response, 400, {
        error: 'too small',
        code: 'sizing.invalid',
        traceId: '6f1c',
        issues: [{ path: 'storageMb' }],
      }),
    );
    const { exitCode, stderr } = await run('services postgresql add --name a');
    expect([exitCode, stderr]).toEqual([1, 'Error: too small.\n  Field   storageMb\n  Trace   6f1c\n']);
    gateway.reply(`POST ${base}`, { error: 'late failure', statusCode: 409 });
    expect((await run('services postgresql add --name a --json')).exitCode).toBe(1);
  });
});

describe('a destructive command', () => {
  beforeEach(() => {
    gateway.reply(`DELETE ${base}/o0i2a`, { jobId: 'j2' });
    gateway.reply(`GET ${base}/o0i2a`, { id: 'o0i2a', name: 'orders' });
  });

  it('needs --yes without a terminal, and names what would go', async () => {
    const { exitCode, stderr } = await run('services postgresql delete o0i2a');
    expect([exitCode, stderr]).toEqual([
      64,
      expect.stringContaining(
        'This would delete services postgresql orders (o0i2a) on cluster demo. Nothing was changed.',
      ),
    ]);
    expect(sent()?.method).toBe('GET');
    expect((await run('services postgresql delete o0i2a --yes')).exitCode).toBe(0);
    expect(sent()?.method).toBe('DELETE');
  });

  it('requires the name', async () => {
    expect((await run('services postgresql delete o0i2a', { columns: 80, input: 'cache\n' })).exitCode).toBe(1);
    expect(sent()?.method).toBe('GET');
    const { exitCode, stderr } = await run('services postgresql delete o0i2a', { columns: 80, input: 'orders\n' });
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('Type orders to confirm: ')]);
    expect(sent()?.method).toBe('DELETE');
  });

  it('requires yes where nothing is deleted', async () => {
    gateway.reply('POST /a1/api-keys/k1/revoke', { id: 'k1' });
    expect((await run('account api-keys revoke k1', { columns: 80, input: 'n\n' })).exitCode).toBe(1);
    expect((await run('account api-keys revoke k1', { columns: 80, input: 'y\n' })).exitCode).toBe(0);
  });
});
