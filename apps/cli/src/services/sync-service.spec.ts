import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { json } from '../../test/pulled-app.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { jobOf } from '../../test/serve-model.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

const one = '/acme1/lab01/services/postgresql/p7x2m';
let gateway: FakeGateway;
let home: CliHome;
let shown: Record<string, unknown>;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  shown = {
    id: 'p7x2m',
    name: 'orders',
    version: '17',
    resourceRequirementClassId: 'postgresql.c0.beff',
    replicas: 1,
    cpuRequestMc: 0,
    cpuLimitMc: 1000,
    memoryRequestMb: 0,
    memoryLimitMb: 2048,
    storageMb: 10_240,
    allowedWriters: [{ manager: 'hpa', kind: 'Cluster', fields: ['spec.instances'] }],
  };
  gateway.reply('GET /acme1/cli/manifest', sampleCatalog);
  gateway.reply(`GET ${one}`, (_request, response) => answer(response, 200, shown, { etag: '"4"' }));
  gateway.reply(`PATCH ${one}`, ({ body }, response) => {
    Object.assign(shown, body);
    answer(response, 202, { jobId: jobOf(1), rrcFlipHint: 'The class is now custom.' });
  });
});

const run = (argv: string) =>
  home.run(argv.split(' '), {
    env: { RUNOS_API_URL: gateway.url, RUNOS_API_KEY: 'key1', RUNOS_ACCOUNT_ID: 'acme1', RUNOS_CLUSTER_ID: 'lab01' },
  });
const path = () => join(home.folder, 'runos.service.lab01.postgresql.p7x2m.yaml');
const edit = (from: string | RegExp, to: string) =>
  writeFileSync(path(), readFileSync(path(), 'utf8').replace(from, to));
const written = () => gateway.received.filter(({ method }) => method !== 'GET');

describe('services sync', () => {
  beforeEach(() => run('services pull --type postgresql --id p7x2m'));

  it('sends what differs, from the generation of its plan on, and settles', async () => {
    expect((await run('services sync')).stdout).toContain('Nothing to sync.');
    edit('storageMb: 10240', 'storageMb: 20480 # more');
    const dry = await run('services sync --dry-run --json');
    expect([dry.exitCode, json(dry)]).toEqual([
      0,
      expect.objectContaining({ type: 'postgresql', id: 'p7x2m', cid: 'lab01', patchBody: { storageMb: 20_480 } }),
    ]);
    expect(written()).toEqual([]);
    expect(await run('services sync')).toMatchObject({
      exitCode: 0,
      stdout: `Plan for postgresql orders (p7x2m) on lab01, generation 4
  ~ storageMb 10240 → 20480
  yaml: PATCH ok  (job ${jobOf(1)})
Sync complete.
`,
      stderr: `The class is now custom.\nFollow rollout: runos follow ${jobOf(1)}\n`,
    });
    expect(written().map(({ headers, body }) => [headers['if-match'], body])).toEqual([['"4"', { storageMb: 20_480 }]]);
    expect((await run('services diff')).exitCode).toBe(0);
    expect(json(await run('services sync --json'))).toMatchObject({ jobIds: [], completed: true });
  });

  it('names who changed it last before that is replaced', async () => {
    const newest = { changedBy: 'grace@example.com', createdAt: new Date().toISOString() };
    gateway.reply(`GET ${one}/revisions`, { revisions: [newest] });
    edit('storageMb: 10240', 'storageMb: 20480');
    const { stdout } = await run('services sync --dry-run');
    expect(stdout).toMatch(/generation 4, last changed by grace@example.com \d+s ago\n/);
  });

  it('removes what the file lists as empty only with --yes', async () => {
    edit(/allowedWriters:\n(?: .*\n)*/, 'allowedWriters: []\n');
    const refused = await run('services sync');
    expect([refused.exitCode, refused.stderr]).toEqual([64, expect.stringContaining('would remove allowedWriters')]);
    expect((await run('services sync --yes')).exitCode).toBe(0);
    expect(written().map(({ body }) => body)).toEqual([{ allowedWriters: [] }]);
  });

  it('refuses what is fixed, and warns beside another change', async () => {
    edit('version: "17"', 'version: "18"');
    expect(await run('services sync')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('version cannot be changed by a sync. Nothing was changed.'),
    });
    const dry = await run('services sync --dry-run --json');
    expect([dry.exitCode, json(dry)['refused']]).toEqual([1, ['version']]);
    edit('name: orders', 'name: other');
    expect((await run('services sync --json')).exitCode).toBe(1);
    expect(written()).toEqual([]);
    const both = await run('services sync');
    expect([both.exitCode, both.stderr]).toEqual([0, expect.stringContaining('Warning: version cannot be changed')]);
  });

  it('names who changed it meanwhile', async () => {
    edit('name: orders', 'name: other');
    gateway.reply(`PATCH ${one}`, (_request, response) =>
      answer(response, 412, { error: 'Stale.', code: 'conflict.stale', generation: 5, changedBy: 'grace@example.com' }),
    );
    expect(await run('services sync')).toMatchObject({
      exitCode: 1,
      stderr: `Error: orders was changed by grace@example.com (generation 4 → 5). Nothing was applied.
  Do      runos services diff, then runos services sync again
`,
    });
  });

  it('creates a service from a file without an id, and writes the id', async () => {
    const file = join(home.folder, 'cache.yaml');
    writeFileSync(file, '# ours\ntype: valkey\ncid: lab01\naid: acme1\nname: cache\n');
    gateway.reply('POST /acme1/lab01/services/valkey', (_request, response) =>
      answer(response, 202, { id: 'slrt4', osid: 'valkey-slrt4', jobId: jobOf(2) }),
    );
    const planned = await run('services sync cache.yaml --dry-run --json');
    expect(json(planned)).toMatchObject({ type: 'valkey', createBody: { name: 'cache' } });
    const { exitCode, stdout } = await run('services add -f cache.yaml --json');
    expect([exitCode, json({ stdout })]).toEqual([0, expect.objectContaining({ id: 'slrt4', jobIds: [jobOf(2)] })]);
    expect(readFileSync(file, 'utf8')).toBe('# ours\ntype: valkey\nid: slrt4\ncid: lab01\naid: acme1\nname: cache\n');
    expect(written().map(({ body }) => body)).toEqual([{ name: 'cache' }]);
    expect((await run('services add -f cache.yaml')).stderr).toContain('has the id slrt4: the service exists.');
  });
});
