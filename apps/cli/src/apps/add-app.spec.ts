import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { answer } from '../../test/fake-gateway.js';
import { json, usePulledApp } from '../../test/pulled-app.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { jobOf } from '../../test/serve-model.js';

const app = usePulledApp();
const { run } = app;
const shop = (...path: string[]) => join(app.home.folder, 'shop', ...path);
const text = () => readFileSync(shop('runos.yaml'), 'utf8');
const posted = () => app.written().map(({ method, url }) => `${method} ${url}`);
const addApp = {
  command: 'apps/add',
  endpoint: '/:aid/:cid/apps',
  method: 'POST',
  input: {
    fields: [
      { name: 'name', type: 'string' },
      { name: 'image', type: 'string', required: true },
    ],
  },
  output: { type: 'object', fields: ['id', 'osid', 'name', 'status', 'jobId'] },
};

describe('apps init', () => {
  it('writes a file with the values of the options, once', async () => {
    const line = 'apps init shop --name shop --image ghcr.io/acme/shop:1 --port 8080';
    const { exitCode, stdout, stderr } = await run(line);
    expect([exitCode, stdout, stderr]).toEqual([
      0,
      'shop/runos.yaml is written.\n',
      'Create the app: runos apps add -f shop/runos.yaml\n',
    ]);
    expect(text()).toContain('app: shop\ndeployType: image\nimage: ghcr.io/acme/shop:1\ncid: lab01\naid: acme1\n');
    expect(text()).toContain('# healthCheck: standard\n');
    expect(readFileSync(shop('.gitignore'), 'utf8')).toBe('# Secrets of app shop\n/.runos.*.env\n/.secret-files/\n');
    expect(await run(line)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is there already') });
  });

  it('prompts for what is missing, on a terminal alone', async () => {
    const missing = await run('apps init shop');
    expect([missing.exitCode, missing.stderr]).toEqual([64, expect.stringContaining('--image IMAGE')]);
    expect((await run('apps init shop --image shop')).stderr).toContain('image must name a tag or a digest');
    expect((await run('apps init shop --image shop:1 --port 0')).stderr).toContain('is no TCP port');
    const typed = { columns: 80, input: 'ghcr.io/acme/shop:1\n' };
    expect((await run('apps init shop --name web --port none', typed)).exitCode).toBe(0);
    expect(text()).toContain('app: web\n');
    expect(text()).toContain('\nservicePortMappings: []\n');
  });
});

describe('apps add -f', () => {
  beforeEach(async () => {
    app.gateway.reply('GET /acme1/cli/manifest', { ...sampleCatalog, commands: [...sampleCatalog.commands, addApp] });
    app.gateway.reply('GET /acme1/lab01/apps', { apps: [{ id: 'other', name: 'web' }] });
    app.gateway.reply('POST /acme1/lab01/apps', (_request, response) =>
      answer(response, 202, { id: 'k3v9q', osid: 'app-k3v9q', name: 'shop', status: 'pending', jobId: jobOf(9) }),
    );
    await run('apps init shop --name shop --image ghcr.io/acme/shop:1.4 --port 8080');
  });

  it('creates the app, writes its id, then what its files hold', async () => {
    mkdirSync(shop('overrides'));
    writeFileSync(shop('overrides', 'new.yaml'), 'a: 1\n');
    writeFileSync(shop('vars.env'), 'MODE=slow\nLOG_LEVEL=info\n');
    writeFileSync(shop('.runos.lab01..env'), 'no file of this app\n');
    writeFileSync(shop('runos.yaml'), `${text()}env: vars.env # ours\noverrides:\n    - local: overrides/new.yaml\n`);
    const { exitCode, stdout, stderr } = await run('apps add -f shop');
    expect([exitCode, stdout]).toEqual([0, 'shop · app-k3v9q · cluster lab01\n']);
    expect(stderr).toContain(`Follow rollout: runos follow ${jobOf(3)}`);
    expect(posted()).toEqual([
      'POST /acme1/lab01/apps',
      'PATCH /acme1/lab01/apps/k3v9q',
      'POST /acme1/lab01/apps/k3v9q/env-vars',
      'POST /acme1/lab01/apps/k3v9q/overrides',
    ]);
    expect(app.written()[0]?.body).toEqual({
      name: 'shop',
      image: 'ghcr.io/acme/shop:1.4',
      deployType: 'image',
      servicePortMappings: [{ port: 8080, standardHttps: true, domains: [] }],
      requires: {},
    });
    expect(text()).toMatch(
      /\nid: k3v9q\ncid: lab01\n[^]*# healthCheck[^]*env: vars\.env # ours\n[^]*- id: o-1\n {6}local: overrides\/new\.yaml\n$/,
    );
    const again = await run('apps add -f shop/runos.yaml');
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining('has the id k3v9q: the app exists.')]);
  });

  it('creates nothing from files that are wrong, and reports what was done', async () => {
    const good = text();
    writeFileSync(shop('runos.yaml'), `${good}secretFiles:\n    - local: key.pem\n`);
    expect((await run('apps add -f shop')).stderr).toContain('key.pem, which does not exist');
    writeFileSync(shop('runos.yaml'), `${good}requires:\n    db:\n        type: postgresql\n`);
    expect((await run('apps add -f shop')).stderr).toContain('requires.db.id is missing');
    writeFileSync(shop('runos.yaml'), good.replace('app: shop', 'app: web'));
    expect((await run('apps add -f shop')).stderr).toContain('An app with the name web exists: other.');
    writeFileSync(shop('runos.yaml'), good);
    expect((await run('apps add -f shop --image shop:2')).exitCode).toBe(64);
    expect(posted()).toEqual([]);
    writeFileSync(shop('runos.yaml'), good.replace('app: shop', 'app: other'));
    app.gateway.reply('PATCH /acme1/lab01/apps/k3v9q', (_request, response) => response.destroy());
    const cut = await run('apps add -f shop --json');
    expect([cut.exitCode, json(cut)]).toEqual([
      1,
      expect.objectContaining({ error: expect.stringMatching(/Applied: create\. Not known: yaml\./), unknown: 'yaml' }),
    ]);
    expect(text()).toContain('id: k3v9q\n');
    writeFileSync(shop('runos.yaml'), good);
    app.gateway.reply('GET /acme1/lab01/apps/k3v9q/requires', (_request, response) =>
      answer(response, 403, { error: 'This needs another role.', code: 'auth.forbidden' }),
    );
    expect(await run('apps add -f shop')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('This needs another role. The app k3v9q is created, without its variables'),
    });
  });

  it('still takes a file of inputs', async () => {
    writeFileSync(shop('inputs.yaml'), 'name: shop\nimage: shop:1\n');
    expect((await run('apps add -f shop/inputs.yaml')).exitCode).toBe(0);
    expect(app.written().map(({ body }) => body)).toEqual([{ name: 'shop', image: 'shop:1' }]);
  });
});
