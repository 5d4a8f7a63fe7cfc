import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { md5, sampleApp, type SampleApp, serveApps } from '../../test/sample-app.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
let state: SampleApp;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /acme1/cli/manifest', sampleCatalog);
  state = sampleApp();
  serveApps(gateway, [state]);
});

const run = (argv: string, columns?: number) =>
  home.run(argv.split(' '), {
    columns,
    env: { RUNOS_API_URL: gateway.url, RUNOS_API_KEY: 'key1', RUNOS_ACCOUNT_ID: 'acme1', RUNOS_CLUSTER_ID: 'lab01' },
  });
const folder = 'runos.lab01.k3v9q';
const at = (...path: string[]) => join(home.folder, folder, ...path);
const modeOf = (...path: string[]) => statSync(at(...path)).mode & 0o777;
const read = (...path: string[]) => readFileSync(at(...path), 'utf8');
const edit = (file: string, from: string, to: string) => writeFileSync(at(file), read(file).replace(from, to));
const pull = () => run('pull --app-id k3v9q');
const diff = (options = '') => run(`apps diff ${folder}/runos.yaml${options}`);

describe('pull', () => {
  it('writes every file of an app with its mode', async () => {
    expect(await pull()).toMatchObject({ exitCode: 0, stderr: '' });
    expect(read('runos.yaml')).toBe(`app: shop
deployType: image
image: ghcr.io/acme/shop:1.4
id: k3v9q
cid: lab01
aid: acme1
secretEnv: .runos.lab01.k3v9q.env
env: runos.lab01.k3v9q.config.env
resourceRequirementClassId: app.sl1.small
servicePortMappings:
    - port: 8080
      standardHttps: true
secretFiles:
    - filename: ca.pem
      mountPath: /etc/ca.pem
      local: .secret-files/ca.pem
      md5: ${md5('certificate')}
overrides:
    - id: o-1
      name: Probe
      enabled: true
      local: overrides/probe.yaml
      md5: ${md5('spec: {}\n')}
requires:
    db:
        id: p7x2m
        type: postgresql
        env:
            url: DATABASE_URL
`);
    expect(read('.runos.lab01.k3v9q.env')).toBe('API_KEY="key-one"\n');
    expect(read('runos.lab01.k3v9q.config.env')).toBe('LOG_LEVEL="info"\n');
    expect(read('.secret-files', 'ca.pem')).toBe('certificate');
    expect(read('overrides', 'probe.yaml')).toBe('spec: {}\n');
    expect(read('.gitignore').split('\n').slice(1)).toEqual(['/.runos.lab01.k3v9q.env', '/.secret-files/', '']);
    expect([modeOf('.runos.lab01.k3v9q.env'), modeOf('.secret-files'), modeOf('.secret-files', 'ca.pem')]).toEqual([
      0o600, 0o700, 0o600,
    ]);
    expect([modeOf('runos.yaml'), modeOf('overrides', 'probe.yaml')]).toEqual([0o644, 0o644]);
  });

  it('changes nothing when it is repeated, also from within the folder', async () => {
    await pull();
    const times = readdirSync(at(), { recursive: true }).map((name) => statSync(at(String(name))).mtimeMs);
    const { exitCode, stdout } = await pull();
    expect([exitCode, stdout]).toEqual([0, `shop (k3v9q) in ${folder}: unchanged\n`]);
    expect(readdirSync(at(), { recursive: true }).map((name) => statSync(at(String(name))).mtimeMs)).toEqual(times);
    expect((await run(`apps pull ${folder}/runos.yaml --json`)).stdout).toContain('"inSync": true');
  });

  it('adds what the server has to a file, and keeps its comments, its mode and its variables', async () => {
    await pull();
    edit('runos.yaml', 'app: shop\n', '# ours\napp: shop # the shop\n');
    writeFileSync(at('runos.lab01.k3v9q.config.env'), '# levels\nLOG_LEVEL=info');
    chmodSync(at('runos.yaml'), 0o640);
    expect((await pull()).stdout).toContain('unchanged');
    Object.assign(state.app, { healthCheck: 'tcp' });
    state.env['MODE'] = 'fast';
    expect((await pull()).exitCode).toBe(0);
    expect(read('runos.yaml')).toMatch(/^# ours\napp: shop # the shop\n[^]*\nhealthCheck: tcp\n/);
    expect(read('runos.lab01.k3v9q.config.env')).toBe('# levels\nLOG_LEVEL=info\nMODE="fast"\n');
    expect(modeOf('runos.yaml')).toBe(0o640);
  });

  it('refuses to overwrite what differs, writes nothing then, and does it with --force', async () => {
    await pull();
    edit('runos.yaml', 'shop:1.4', 'shop:2');
    writeFileSync(at('overrides', 'probe.yaml'), 'spec: {replicas: 2}\n');
    writeFileSync(at('.runos.lab01.k3v9q.env'), 'API_KEY=mine\n');
    state.files['ca.pem'] = 'newer';
    const { exitCode, stdout, stderr } = await pull();
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain('image                 ghcr.io/acme/shop:1.4 → ghcr.io/acme/shop:2');
    expect(stderr).toContain('overrides/probe.yaml  changed\n');
    expect(stderr).toContain('Do      runos apps diff shows what differs; --force overwrites it');
    expect(`${stdout}${stderr}`).not.toMatch(/mine|key-one/);
    expect(read('.secret-files', 'ca.pem')).toBe('certificate');
    const refused = await run('pull --app-id k3v9q --json');
    expect([refused.exitCode, JSON.parse(refused.stdout)]).toEqual([
      1,
      expect.objectContaining({ apps: [], drifted: [expect.objectContaining({ id: 'k3v9q', name: 'shop' })] }),
    ]);
    expect((await run('pull --app-id k3v9q --force --keep-env')).exitCode).toBe(0);
    expect(read('runos.yaml')).toContain('shop:1.4');
    expect(read('.secret-files', 'ca.pem')).toBe('newer');
    expect(read('.runos.lab01.k3v9q.env')).toBe('API_KEY=mine\n');
    expect((await run('pull --app-id k3v9q --force')).exitCode).toBe(0);
    expect(read('.runos.lab01.k3v9q.env')).toBe('API_KEY="key-one"\n');
  });

  it('follows no symbolic link out of the folder, and leaves nothing half-written', async () => {
    mkdirSync(at(), { recursive: true });
    const outside = join(home.folder, 'outside');
    mkdirSync(outside);
    symlinkSync(outside, at('overrides'));
    const { exitCode, stderr } = await pull();
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('a symbolic link leads out of the folder')]);
    expect([readdirSync(outside), readdirSync(at())]).toEqual([[], ['overrides']]);
    rmSync(at('overrides'));
    symlinkSync(join(outside, 'env'), at('.runos.lab01.k3v9q.env'));
    expect((await pull()).stderr).toContain('it is a symbolic link');
    expect(existsSync(join(outside, 'env'))).toBe(false);
    rmSync(at(), { recursive: true });
    symlinkSync(outside, at());
    expect(await pull()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('it is a symbolic link') });
    expect(readdirSync(outside)).toEqual([]);
  });

  it('reads no file of an app through a symbolic link', async () => {
    expect((await pull()).exitCode).toBe(0);
    const outside = join(home.folder, 'outside.yaml');
    writeFileSync(outside, 'password-of-another: 1\n');
    rmSync(at('runos.yaml'));
    symlinkSync(outside, at('runos.yaml'));
    for (const argv of [
      `apps diff ${at('runos.yaml')}`,
      `apps sync ${at('runos.yaml')} --yes`,
      `pull ${at('runos.yaml')}`,
    ]) {
      const { exitCode, stdout, stderr } = await run(argv);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining('it is a symbolic link')]);
      expect(stdout + stderr).not.toContain('password-of-another');
    }
  });

  it('writes nothing when a part cannot be read', async () => {
    gateway.reply('GET /acme1/lab01/apps/k3v9q/secret-files/ca.pem', (_request, response) =>
      answer(response, 403, { error: 'This needs another role.', code: 'auth.forbidden' }),
    );
    expect(await pull()).toMatchObject({ exitCode: 1, stderr: 'Error: This needs another role.\n' });
    expect(existsSync(at())).toBe(false);
  });

  it('refuses a file that it did not write in the place of one', async () => {
    mkdirSync(at('overrides'), { recursive: true });
    writeFileSync(at('overrides', 'probe.yaml'), 'own: 1\n');
    expect(await pull()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('overrides/probe.yaml') });
    expect(read('overrides', 'probe.yaml')).toBe('own: 1\n');
  });

  it('writes one app flat into a folder, and all apps into folders, with at most 8 requests at a time', async () => {
    await run('pull --app-id k3v9q --out flat');
    expect(existsSync(join(home.folder, 'flat', 'runos.lab01.k3v9q.yaml'))).toBe(true);
    const ids = Array.from({ length: 5 }, (_, index) => `app0${index}`);
    let running = 0;
    let most = 0;
    serveApps(gateway, ids.map(sampleApp));
    for (const id of ids)
      gateway.reply(`GET /acme1/lab01/apps/${id}/overrides`, (_request, response) => {
        most = Math.max(most, ++running);
        setTimeout(() => {
          running -= 1;
          answer(response, 200, { overrides: [] });
        }, 30);
      });
    const { exitCode, stdout } = await run('pull --all --out apps --json');
    const { apps } = JSON.parse(stdout) as { readonly apps: readonly object[] };
    expect([exitCode, apps.length]).toEqual([0, 5]);
    expect(readdirSync(join(home.folder, 'apps')).sort()).toEqual(ids.map((id) => `runos.lab01.${id}`));
    expect(most).toBeLessThanOrEqual(8);
    expect((await run('pull --all --force')).exitCode).toBe(64);
  });
});

describe('apps diff', () => {
  beforeEach(() => pull());

  it('exits 0 after a pull, also with --json, and writes nothing', async () => {
    expect(await diff()).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('No differences.\n') });
    const { exitCode, stdout } = await diff(' --json');
    expect([exitCode, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ status: 'in_sync', differences: [] }),
    ]);
  });

  it('names each difference, and exits 2', async () => {
    edit('runos.yaml', 'app.sl1.small\n', 'app.sl1.small # small\nreplicas: 3\n');
    edit('runos.yaml', 'requires:', '    - local: overrides/new.yaml\nrequires:');
    writeFileSync(at('overrides', 'new.yaml'), 'a: 1\n');
    edit('runos.lab01.k3v9q.config.env', 'info', 'debug');
    edit('.runos.lab01.k3v9q.env', 'key-one', 'key-two');
    const { exitCode, stdout, stderr } = await diff();
    expect([exitCode, stderr, stdout]).toEqual([
      2,
      '',
      `runos.yaml against app shop (k3v9q) on lab01
  replicas            2 → 3
  class               app.sl1.small → custom   (replicas differ from the class)
  env LOG_LEVEL       info → debug
  secretEnv API_KEY   changed (redacted; --show-secrets)
  overrides/new.yaml  only local
5 differences
`,
    ]);
    const json = await diff(' --json');
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      status: 'drift',
      differences: [{ field: 'replicas', kind: 'changed', before: 2, after: 3 }, {}, {}, { redacted: true }, {}],
    });
    expect(json.stdout).not.toMatch(/key-one|key-two/);
    expect((await diff(' --show-secrets')).stdout).toContain('key-one → key-two');
    expect((await diff(' --exit-code kubectl')).exitCode).toBe(1);
    expect((await home.run(['apps', 'diff', 'x', '--exit-code', 'kubectl'])).exitCode).toBeGreaterThan(1);
    expect((await run(`apps diff ${folder}/runos.yaml`, 80)).stdout).toContain('\u001b[33m2 → 3');
  });

  it('compares no secrets that are not here, and reports what differs in the cluster', async () => {
    rmSync(at('.runos.lab01.k3v9q.env'));
    rmSync(at('.secret-files'), { recursive: true });
    state.app['conditions'] = [{ type: 'Drifted', status: 'True', message: 'replicas were changed by kubectl.' }];
    expect(await diff()).toMatchObject({
      exitCode: 0,
      stderr: `secretEnv is not compared: its file does not exist.
.secret-files/ca.pem is not compared: it does not exist.
The cluster differs from the server: replicas were changed by kubectl.
`,
    });
  });

  it('reports which file is wrong, where and how', async () => {
    const text = read('runos.yaml');
    expect(await run('apps diff')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is no file of an app'),
    });
    writeFileSync(join(home.folder, 'runos.yaml'), text);
    writeFileSync(join(home.folder, 'runos.other.yaml'), text);
    expect((await run('apps diff')).stderr).toContain('There are several files: runos.other.yaml, runos.yaml.');
    edit('runos.yaml', 'aid: acme1', 'aid: other');
    expect((await diff()).stderr).toContain('runos.yaml is of account other, and you work in acme1.');
    expect((await diff(' --cid lab02')).exitCode).toBe(1);
    writeFileSync(at('runos.yaml'), text.replace('app: shop\n', 'app: shop\nreplica: 2\n'));
    const { stderr, stdout } = await diff(' --json');
    expect([stderr, JSON.parse(stdout)]).toEqual([
      '',
      expect.objectContaining({ line: 2, column: 1, file: at('runos.yaml') }),
    ]);
    expect((await diff()).stderr).toContain(', line 2, column 1');
    writeFileSync(at('runos.yaml'), text.replaceAll('k3v9q', 'zzzzz'));
    expect((await diff()).stderr).toContain('Error: No such route.');
  });
});
