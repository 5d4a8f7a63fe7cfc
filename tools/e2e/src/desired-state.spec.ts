import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandLine } from './command-line.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';
import { valueAt } from './value-at.js';

/** Each step continues with what the one before has made. */
describe('desired state in a repository, by the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runos-e2e-cli-'));
  const [home, repository, emptyHome] = ['home', 'repository', 'other'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const each of [home, repository, emptyHome]) mkdirSync(each);
  const file = join(repository, 'shop/runos.yaml');
  const person = new CommandLine(home, repository);
  let plane: PlaneClient;
  let pipeline: CommandLine;
  let osid: string;
  let appId: string;

  beforeAll(async () => {
    plane = await connectToSharedPlane();
    const { apiUrl, aid, cid, token } = plane.info;
    pipeline = new CommandLine(emptyHome, repository, {
      RUNOS_API_URL: apiUrl,
      RUNOS_API_KEY: token,
      RUNOS_ACCOUNT_ID: aid,
      RUNOS_CLUSTER_ID: cid,
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const edit = (from: string | RegExp, to: string) => {
    const before = readFileSync(file, 'utf8');
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${String(from)} is not in ${file}:\n${before}`);
    writeFileSync(file, after);
  };
  const deployment = () => plane.kubectl.get('deployment', osid, osid);
  const exitCodeOf = async (cli: CommandLine, ...argv: string[]) => (await cli.run(argv)).exitCode;

  it('begins with a log-in', async () => {
    const { apiUrl, aid, cid, token } = plane.info;
    const login = await person.run(['login', '--api-url', apiUrl, '--with-key', '--account-id', aid], `${token}\n`);
    expect(login).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`account ${aid}`) });
    expect(await exitCodeOf(person, 'clusters', 'default', cid)).toBe(0);
    expect(await exitCodeOf(person, 'manifest', 'update')).toBe(0);
  });

  it('makes a database with a config set, and an app that requires it', async () => {
    const set = ['account', 'config-sets', 'add', '--name', 'busy', '--type', 'postgresql'];
    const { setId } = await person.json([...set, '--values', 'max_connections=150']);
    const database = ['services', 'postgresql', 'add', '--name', 'orders', '--config-set-id', String(setId)];
    const { id: databaseId, osid: databaseOsid } = await person.json([...database, '--follow']);
    const cluster = await plane.kubectl.get('clusters.postgresql.cnpg.io', String(databaseOsid), String(databaseOsid));
    expect(valueAt(cluster, 'spec', 'postgresql', 'parameters', 'max_connections')).toBe('150');
    // Other specs make apps in the same cluster, and a name exists once.
    const image = ['--name', 'shop of a repository', '--image', 'ghcr.io/acme/shop:1.4', '--port', '8080'];
    expect(await exitCodeOf(person, 'apps', 'init', 'shop', ...image)).toBe(0);
    const requires = { db: { type: 'postgresql', id: databaseId, env: { url: 'DATABASE_URL' } } };
    writeFileSync(file, `${readFileSync(file, 'utf8')}requires: ${JSON.stringify(requires)} # of the same cluster\n`);
    await person.json(['apps', 'add', '-f', 'shop/runos.yaml', '--follow']);
    appId = /^id: (\w+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    osid = `app-${appId}`;
    expect(readFileSync(file, 'utf8')).toContain(' # of the same cluster');
    expect(await plane.kubectl.run(['get', 'secrets', '-n', osid, '-o', 'json'])).toContain('"DATABASE_URL":');
    expect(await exitCodeOf(person, 'apps', 'diff', 'shop/runos.yaml')).toBe(0);
  });

  it('is written by pull, and compared by diff: 0 without and 2 with a difference', async () => {
    expect(await exitCodeOf(person, 'pull', 'shop/runos.yaml')).toBe(0);
    const pulled = readFileSync(file, 'utf8');
    expect(await exitCodeOf(person, 'pull', 'shop/runos.yaml')).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(pulled);
    edit('\ncid:', '\nreplicas: 2\ncid:');
    expect(await exitCodeOf(person, 'apps', 'diff', 'shop/runos.yaml')).toBe(2);
  });

  it('is made by sync, as its plan showed', async () => {
    const { stdout } = await person.run(['apps', 'sync', 'shop', '--dry-run', '--objects']);
    expect(stdout).toContain(`Deployment ${osid}`);
    expect(valueAt(await deployment(), 'spec', 'replicas')).toBe(1);
    const synced = await person.json(['apps', 'sync', 'shop', '--yes', '--follow']);
    expect(synced).toMatchObject({ appId });
    expect(valueAt(await deployment(), 'spec', 'replicas')).toBe(2);
    expect(await exitCodeOf(person, 'apps', 'diff', 'shop/runos.yaml')).toBe(0);
    const { body } = await plane.api.get(`/${plane.info.aid}/${plane.info.cid}/apps/${appId}`);
    expect(body).toMatchObject({ replicas: 2, resourceRequirementClassId: 'custom' });
  });

  it('is compared by a pipeline that has a key only', async () => {
    expect(await exitCodeOf(pipeline, 'apps', 'diff', 'shop/runos.yaml')).toBe(0);
    expect(await exitCodeOf(new CommandLine(emptyHome, repository), 'apps', 'diff', 'shop/runos.yaml')).toBe(1);
  });
});
