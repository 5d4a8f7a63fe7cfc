import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /acme1/cli/manifest', sampleCatalog);
  gateway.reply('GET /acme1/lab01/services/postgresql/p7x2m', {
    id: 'p7x2m',
    osid: 'postgresql-p7x2m',
    name: 'orders',
    version: '17',
    resourceRequirementClassId: 'postgresql.c0.small',
    replicas: 1,
    cpuRequestMc: 500,
    cpuLimitMc: 1000,
    memoryRequestMb: 1024,
    memoryLimitMb: 2048,
    storageMb: 20_480,
    configSetId: null,
    status: 'healthy',
  });
});

const run = (argv: string) =>
  home.run(argv.split(' '), {
    env: { RUNOS_API_URL: gateway.url, RUNOS_API_KEY: 'key1', RUNOS_ACCOUNT_ID: 'acme1', RUNOS_CLUSTER_ID: 'lab01' },
  });
const name = 'runos.service.lab01.postgresql.p7x2m.yaml';
const path = () => join(home.folder, name);
const text = () => readFileSync(path(), 'utf8');
const edit = (from: string, to: string) => writeFileSync(path(), text().replace(from, to));

describe('services pull and diff', () => {
  beforeEach(() => run('services pull --type postgresql --id p7x2m'));

  it('write a file that does not differ, and that another pull leaves as it is', async () => {
    expect(text()).toBe(`type: postgresql
id: p7x2m
cid: lab01
aid: acme1
name: orders
replicas: 1
resourceRequirementClassId: postgresql.c0.small
storageMb: 20480
version: "17"
`);
    expect(statSync(path()).mode & 0o777).toBe(0o644);
    expect(await run('services pull')).toMatchObject({
      exitCode: 0,
      stdout: `orders (postgresql-p7x2m) in ${name}: unchanged\n`,
    });
    expect(await run('services diff')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('No differences.'),
    });
  });

  it('read no file through a symbolic link', async () => {
    const outside = join(home.folder, 'outside');
    writeFileSync(outside, 'password-of-another: 1\n');
    rmSync(path());
    symlinkSync(outside, path());
    for (const argv of [`services diff ${name}`, `services sync ${name} --yes`]) {
      const { exitCode, stdout, stderr } = await run(argv);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('it is a symbolic link')]);
      expect(stdout + stderr).not.toContain('password-of-another');
    }
  });

  it('compare the fields that the file has, and keep its edits', async () => {
    edit('name: orders\n', '# the orders\nname: orders\n');
    edit('storageMb: 20480\n', '');
    expect((await run('services diff')).exitCode).toBe(0);
    edit('version: "17"', 'version: "18"');
    expect(await run('services diff')).toMatchObject({
      exitCode: 2,
      stdout: `${name} against postgresql orders (p7x2m) on lab01\n  version             17 → 18\n1 difference\n`,
    });
    expect((await run('services diff --json')).exitCode).toBe(2);
    const refused = await run('services pull');
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('differs from the server')]);
    expect((await run('services pull --force')).exitCode).toBe(0);
    expect(text()).toMatch(/# the orders\nname: orders\n[^]*version: "17"\nstorageMb: 20480\n$/);
  });

  it('report what is not created, not known, or ambiguous', async () => {
    writeFileSync(join(home.folder, 'runos.service.new.yaml'), 'type: valkey\ncid: lab01\naid: acme1\n');
    expect((await run('services diff')).stderr).toContain('There are several files');
    const created = await run('services diff runos.service.new.yaml --json');
    expect([created.exitCode, JSON.parse(created.stdout)]).toEqual([
      0,
      expect.objectContaining({ status: 'local_missing', notes: [expect.stringContaining('not created yet')] }),
    ]);
    expect((await run('services pull --type mongo --id aaaaa')).stderr).toContain('There is no service type "mongo".');
  });
});
