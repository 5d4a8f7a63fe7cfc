import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { answer } from '../../test/fake-gateway.js';
import { json, usePulledApp } from '../../test/pulled-app.js';
import { job, sendEvents } from '../../test/sample-job.js';
import { jobOf } from '../../test/serve-model.js';

const app = usePulledApp();
const { at, diff, edit, editAll, read, sync, writesOf, written } = app;

describe('apps sync', () => {
  it('has nothing to do after a pull', async () => {
    expect(await sync()).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Nothing to sync.\n'),
      stderr: '',
    });
    expect(json(await sync(' --json'))).toMatchObject({ appId: 'k3v9q', jobIds: [], completed: true });
    expect(written()).toEqual([]);
  });

  it('shows its plan, writes part by part from the generation of the plan on, and settles', async () => {
    editAll();
    expect((await diff()).exitCode).toBe(2);
    expect(await sync()).toMatchObject({
      exitCode: 0,
      stdout: `Plan for app shop (k3v9q) on lab01, generation 12, last changed by ada@example.com
  ~ replicas 1 → 3
  ~ class app.sl1.small → custom   (replicas differ from the class)
  ~ env LOG_LEVEL info → debug
  ~ overrides/probe.yaml
  + overrides/new.yaml
  yaml: PATCH ok  (job ${jobOf(1)})
  env: POST ok  (job ${jobOf(2)})
  override probe: PUT ok  (job ${jobOf(3)})
  override new: POST ok  (job ${jobOf(4)})
Sync complete.
`,
      stderr: `Follow rollout: runos follow ${jobOf(4)}\n`,
    });
    expect(writesOf()).toEqual(['PATCH ', 'POST /env-vars', 'PUT /overrides/o-0', 'POST /overrides']);
    expect(written().map(({ headers }) => headers['if-match'])).toEqual(['"12"', '"13"', '"14"', '"15"']);
    expect(read('runos.yaml')).toMatch(/small # ours\n[^]*\n {4}- id: o-1\n {6}local: overrides\/new\.yaml\n/);
    expect((await diff()).exitCode).toBe(0);
    expect((await sync()).stdout).toContain('Nothing to sync.');
    expect((await app.run('pull --app-id k3v9q')).exitCode).toBe(0);
    expect(read('runos.yaml')).toContain('resourceRequirementClassId: app.sl1.small # ours\nreplicas: 3\n');
  });

  it('prints one document, with secrets only under --show-secrets', async () => {
    editAll();
    edit('.runos.lab01.k3v9q.env', 'key-one', 'key-two');
    const dry = await sync(' --dry-run --json');
    expect([dry.exitCode, json(dry)]).toEqual([
      0,
      expect.objectContaining({
        appId: 'k3v9q',
        hasChanges: true,
        generation: 12,
        yamlPatch: expect.objectContaining({ replicas: 3, requires: expect.any(Object) }),
        env: { update: { LOG_LEVEL: 'debug' }, final: { LOG_LEVEL: 'debug', MODE: 'fast' } },
        secretEnv: {
          update: { API_KEY: '<redacted>' },
          final: { API_KEY: '<redacted>', OTHER: '<redacted>' },
          preservedByPlatform: ['DATABASE_URL'],
        },
        overrides: [
          { op: 'update', id: 'o-0', name: 'probe', enabled: true },
          { op: 'add', name: 'new', enabled: true },
        ],
      }),
    ]);
    expect(`${dry.stdout}${(await sync(' --dry-run')).stdout}`).not.toMatch(/key-(one|two)/);
    expect((await sync(' --dry-run --json --show-secrets')).stdout).toContain('key-two');
    expect(written()).toEqual([]);
    const applied = await sync(' --json');
    expect(json(applied)).toMatchObject({ followed: false, completed: true, jobIds: [1, 2, 3, 4].map(jobOf) });
    expect(applied.stderr).toContain('Plan for app shop');
  });

  it('shows the objects of each write, by a dry run on the cluster', async () => {
    editAll();
    const { stdout } = await sync(' --dry-run --objects');
    expect(stdout).toContain('  Objects of env (dry run on the cluster)\n    Deployment app-k3v9q changed (1 field)\n');
    expect(stdout).toMatch(/Pods are replaced\.\n$/);
    const plans = app.gateway.received
      .filter(({ method }) => method === 'POST')
      .map(({ url }) => url.split('/k3v9q/')[1]);
    expect(plans).toEqual(['plan', 'env-vars/plan', 'overrides/o-0/plan', 'overrides/plan']);
    expect(json(await sync(' --dry-run --objects --json'))['objects']).toHaveLength(4);
  });

  it('plans from one generation, also when the app is changed during the read', async () => {
    editAll();
    let changes = 1;
    app.gateway.reply('GET /acme1/lab01/apps/k3v9q/requires', (_request, response) => {
      if (changes > 0) app.model.generation += 1;
      changes -= 1;
      answer(response, 200, app.model.get('/requires') ?? {}, { etag: `"${app.model.generation}"` });
    });
    expect(await sync(' --dry-run')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('generation 13, last'),
    });
    changes = 100;
    expect((await sync(' --dry-run')).stderr).toContain('The app is changed all the time.');
  });

  it('prompts on a terminal', async () => {
    editAll();
    const no = await sync('', { columns: 100, input: 'n\n' });
    expect([no.exitCode, no.stderr]).toEqual([1, expect.stringContaining('Apply? [y/N]')]);
    expect(no.stderr).toContain('Not confirmed. Nothing was changed.');
    expect(written()).toEqual([]);
    expect((await sync('', { columns: 100, input: 'y\n' })).exitCode).toBe(0);
    expect(written()).toHaveLength(4);
  });

  it('removes only with --yes where there is no terminal, and names what would go', async () => {
    edit('runos.yaml', /overrides:\n(?: .*\n)*/, 'overrides: []\n');
    writeFileSync(at('runos.lab01.k3v9q.config.env'), '');
    const refused = await sync();
    expect([refused.exitCode, refused.stderr]).toEqual([
      64,
      expect.stringContaining('This would remove env LOG_LEVEL, env MODE, overrides/probe.yaml. Nothing was changed.'),
    ]);
    expect(refused.stderr).toContain('repeat it with --yes');
    expect(written()).toEqual([]);
    expect((await sync(' --yes')).exitCode).toBe(0);
    expect(writesOf()).toEqual(['POST /secrets', 'DELETE /overrides/o-0']);
    expect((await diff()).exitCode).toBe(0);
  });

  it('keeps what the files do not mention, unless --prune is given', async () => {
    edit('runos.lab01.k3v9q.config.env', /^MODE.*\n/m, '');
    edit('runos.yaml', /secretFiles:\n(?: .*\n)*/, '');
    const kept = await sync();
    expect([kept.exitCode, kept.stderr]).toEqual([
      0,
      'Only on the server, and kept: env MODE. --prune removes them.\n',
    ]);
    expect(written()).toEqual([]);
    expect((await sync(' --prune')).exitCode).toBe(64);
    expect((await sync(' --prune --yes')).exitCode).toBe(0);
    expect(written().map(({ body }) => body)).toEqual([{ envVars: { LOG_LEVEL: 'info' }, remove: ['ca.pem'] }]);
  });

  it.each([
    ['secretFiles', '../outside', 'it is outside of the folder'],
    ['env', '../outside', 'it is outside of the folder'],
    ['env', 'link.env', 'it is a symbolic link'],
    ['overrides', 'linked/a.yaml', 'a symbolic link leads out of the folder'],
  ])('reads nothing outside of the folder: %s in %s', async (key, name, why) => {
    writeFileSync(at('..', 'outside'), 'SECRET=of-the-machine\n');
    symlinkSync(at('..', 'outside'), at('link.env'));
    symlinkSync(at('..'), at('linked'));
    const lists: Record<string, string> = {
      secretFiles: `  - {local: ${name}, mountPath: /etc/x}`,
      overrides: `  - local: ${name}`,
    };
    edit('runos.yaml', new RegExp(`^${key}:.*\\n(?: .*\\n)*`, 'm'), '');
    writeFileSync(
      at('runos.yaml'),
      `${read('runos.yaml')}${key}:${lists[key] === undefined ? ` ${name}` : `\n${lists[key]}`}\n`,
    );
    for (const result of [await diff(), await sync(' --yes')])
      expect([result.exitCode, result.stderr]).toEqual([1, expect.stringContaining(why)]);
    expect(written()).toEqual([]);
  });

  it('keeps the secrets that the file names out of the repository, before it writes', async () => {
    rmSync(at('.gitignore'));
    writeFileSync(at('more.env'), 'API_KEY=key-three\n');
    edit('runos.yaml', /^secretEnv:.*\n/m, '');
    writeFileSync(at('runos.yaml'), `${read('runos.yaml')}secretEnv: more.env\n`);
    expect(await sync(' --yes --prune')).toMatchObject({ exitCode: 0 });
    expect(read('.gitignore')).toMatch(/^\/more\.env$/m);
  });

  it('lets an empty file of secret variables remove them only on demand', async () => {
    writeFileSync(at('.runos.lab01.k3v9q.env'), '# none\n');
    const refused = await sync(' --yes');
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('--allow-empty-secret-env')]);
    expect((await sync(' --yes --prune')).exitCode).toBe(1);
    expect(written()).toEqual([]);
    expect((await sync(' --yes --allow-empty-secret-env')).exitCode).toBe(0);
    expect(app.model.secretEnv).toEqual({});
  });

  it('sends no secrets that are not here', async () => {
    rmSync(at('.runos.lab01.k3v9q.env'));
    rmSync(at('.secret-files'), { recursive: true });
    const { exitCode, stderr } = await sync(' --prune');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('secretEnv is not compared')]);
    expect(written()).toEqual([]);
  });

  it('follows each job before the next write', async () => {
    editAll();
    for (const number of [1, 2, 3, 4])
      app.gateway.reply(`GET /jobs/${jobOf(number)}/stream`, (_request, response) => {
        expect(written()).toHaveLength(number);
        sendEvents(response, [['job', { ...job('completed'), id: jobOf(number) }]]);
        response.end();
      });
    const { exitCode, stdout, stderr } = await sync(' --yes --follow --json');
    expect([exitCode, json({ stdout })]).toEqual([0, expect.objectContaining({ followed: true, completed: true })]);
    expect(stderr.match(/✓ service.create of postgresql-o0i2a completed/g)).toHaveLength(4);
  });
});
