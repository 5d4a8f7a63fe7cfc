import {
  type AppPlace,
  buildRequest,
  type Catalog,
  commandNamed,
  diffApp,
  fileNames,
  followJob,
  loadCatalog,
  printedFields,
  printDocument,
  readApp,
  readFolder,
  RefusedRequest,
  type Row,
  rowsOf,
  serviceDocument,
  servicePatch,
  syncApp,
  Wire,
  writeFolder,
} from '@runos/testing-existing-client';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CommandLine } from './command-line.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';
import { valueAt } from './value-at.js';

/** Each step continues with what the one before has made. */
describe('an existing command line', () => {
  const home = mkdtempSync(join(tmpdir(), 'runos-e2e-existing-'));
  const folder = join(home, 'shop');
  let plane: PlaneClient;
  let wire: Wire;
  let catalog: Catalog;
  let database: Row;
  let place: AppPlace;

  beforeAll(async () => {
    plane = await connectToSharedPlane();
    wire = new Wire(plane.info.apiUrl, plane.info.token);
    mkdirSync(folder);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  /** Sends a command of the catalog and follows its job. Returns the response. */
  const run = async (name: string, values: Row): Promise<Row> => {
    const command = commandNamed(catalog, name);
    const { method, path, body } = buildRequest(command, { ...plane.info, values });
    const response = await wire.send(method, path, body === undefined ? undefined : JSON.parse(body));
    expect(printedFields(command, response)).toBeDefined();
    if (response['jobId'] === undefined) return response;
    const { job, lines } = await followJob(wire, response['jobId']);
    expect([name, job['status'], lines]).toEqual([name, 'completed', expect.arrayContaining([expect.any(String)])]);
    return response;
  };
  const differences = async () => diffApp(place, readFolder(folder, place), await readApp(wire, place));
  const pull = async () => writeFolder(folder, place, await readApp(wire, place));
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')));
  const sentSince = async (work: () => Promise<unknown>): Promise<string[]> => {
    const before = wire.sent.length;
    await work();
    const writes = wire.sent.slice(before).filter(({ method }) => method !== 'GET');
    return writes.map(({ method, path }) => `${method} ${path.split(`/apps/${place.id}`)[1] ?? path}`);
  };

  it('shows its status, and the refusal of a wrong key', async () => {
    const { aid, cid } = plane.info;
    expect(rowsOf(await wire.get(`/${aid}/clusters`), 'clusters')).toContainEqual(
      expect.objectContaining({ cid, name: expect.any(String) }),
    );
    expect(rowsOf(await wire.get('/user/accounts'), 'accounts')).toEqual([expect.objectContaining({ aid })]);
    expect(await wire.get(`/${aid}/account/profile`)).toBeDefined();
    const other = new Wire(plane.info.apiUrl, `${plane.info.token}x`);
    await expect(other.get(`/${aid}/clusters`)).rejects.toMatchObject({
      status: 401,
      body: expect.objectContaining({ error: 'Invalid token' }),
    });
  });

  it('loads its catalog, of the account and without one', async () => {
    catalog = await loadCatalog(wire, plane.info.aid);
    expect(wire.sent.slice(-2).map(({ path }) => path)).toEqual([
      `/${plane.info.aid}/cli/manifest-version`,
      `/${plane.info.aid}/cli/manifest`,
    ]);
    expect((await wire.get('/cli/manifest-version'))['version']).toEqual(expect.any(String));
  });

  it('makes a database and an app, and follows their jobs', async () => {
    database = await run('services/postgresql/add', { name: 'orders of a client' });
    const shown = await run('services/postgresql/{id}/show', { id: database['id'] });
    expect(shown).toMatchObject({ id: database['id'], name: 'orders of a client' });
    const app = await run('apps/add', {
      name: 'shop of a client',
      image: 'ghcr.io/acme/shop:1.4',
      servicePortMappings: [{ port: 8080 }],
    });
    const { aid, cid } = plane.info;
    place = { aid, cid, id: String(app['id']) };
    expect(rowsOf(await run('apps/list', {}), 'apps')).toContainEqual(expect.objectContaining({ id: place.id }));
    await run('apps/update', { id: place.id, replicas: 2 });
    expect(wire.sent.find(({ method }) => method === 'PATCH')?.path).toMatch(/\?merge=true$/);
  });

  it('pulls the app, and finds no difference', async () => {
    await pull();
    const text = readFileSync(join(folder, 'runos.yaml'), 'utf8');
    expect(text).toMatch(/^app: shop of a client\ndeployType: image\nid: \w+\ncid: /);
    expect(text).toContain('resourceRequirementClassId: custom\n');
    expect(text).toContain('servicePortMappings:\n    - port: 8080\n      standardHttps: true\n');
    expect(await differences()).toEqual([]);
  });

  it('changes everything by one sync, whose order it keeps, and finds no difference after a pull', async () => {
    const { env, secretEnv } = fileNames(place);
    writeFileSync(join(folder, env), 'GREETING="Grüße, \\"you\\"\\n"\nMODE=fast\n');
    writeFileSync(join(folder, secretEnv), "API_KEY='key-one'\n");
    mkdirSync(join(folder, '.secret-files'));
    mkdirSync(join(folder, 'overrides'));
    writeFileSync(join(folder, '.secret-files/ca.pem'), Buffer.from([0, 1, 2, 255]));
    const override = 'spec: {template: {spec: {terminationGracePeriodSeconds: 45}}} # ours\r\n';
    writeFileSync(join(folder, 'overrides/grace-period.yaml'), override);
    const link = { id: database['id'], type: 'postgresql', env: { url: 'DATABASE_URL' } };
    edit('runos.yaml', (text) =>
      [
        text.replace('replicas: 2', 'replicas: 3').trimEnd(),
        'healthCheckPath: /up',
        'deploymentStrategy: rolling',
        'secretFiles:\n    - filename: ca.pem\n      mountPath: /etc/ca.pem\n      local: .secret-files/ca.pem',
        'overrides:\n    - name: grace-period\n      enabled: true\n      local: overrides/grace-period.yaml',
        `requires: ${JSON.stringify({ db: link })}`,
        '',
      ].join('\n'),
    );
    expect(await sentSince(() => syncApp(wire, place, folder))).toEqual(['PATCH ', 'POST /secrets', 'POST /overrides']);
    await pull();
    expect(await differences()).toEqual([]);
    const read = await readApp(wire, place);
    expect(read).toMatchObject({
      app: { replicas: 3, resourceRequirementClassId: 'custom', healthCheckPath: '/up', deploymentStrategy: 'rolling' },
      env: { GREETING: 'Grüße, "you"\n', MODE: 'fast' },
      secretEnv: { API_KEY: 'key-one', DATABASE_URL: expect.stringContaining('postgres') },
      secretFiles: [{ filename: 'ca.pem', mountPath: '/etc/ca.pem', content: 'AAEC/w==' }],
      overrides: [{ name: 'grace-period', enabled: true, data: Buffer.from(override).toString('base64') }],
      requires: { db: link },
    });
    const osid = `app-${place.id}`;
    expect(valueAt(await plane.kubectl.get('deployment', osid, osid), 'spec')).toMatchObject({
      replicas: 3,
      template: { spec: { terminationGracePeriodSeconds: 45 } },
    });
  });

  it('shares its files with runos, which writes the same bytes, and the image in a line of its own', async () => {
    const { apiUrl, token, aid, cid } = plane.info;
    const env = { RUNOS_API_URL: apiUrl, RUNOS_API_KEY: token, RUNOS_ACCOUNT_ID: aid, RUNOS_CLUSTER_ID: cid };
    const runos = new CommandLine(home, home, env);
    expect(await runos.run(['apps', 'diff', 'shop/runos.yaml'])).toMatchObject({ exitCode: 0, stderr: '' });
    const written = readFileSync(join(folder, 'runos.yaml'), 'utf8');
    expect(await runos.run(['apps', 'pull', '--app-id', place.id])).toMatchObject({ exitCode: 0 });
    const pulled = join(home, `runos.${cid}.${place.id}`);
    const pulledText = readFileSync(join(pulled, 'runos.yaml'), 'utf8');
    expect(pulledText.replace(/^image: .*\n/m, '')).toBe(written);
    expect(diffApp(place, readFolder(pulled, place), await readApp(wire, place))).toEqual(['yaml']);
  });

  it('sends one kind of change to its own route, and nothing without a change', async () => {
    const { env, secretEnv } = fileNames(place);
    edit(env, (text) => text.replace('fast', 'slow'));
    expect(await differences()).toEqual(['env']);
    expect(await sentSince(() => syncApp(wire, place, folder))).toEqual(['POST /env-vars']);
    edit(secretEnv, (text) => text.replace('key-one', 'key-two'));
    expect(await sentSince(() => syncApp(wire, place, folder))).toEqual(['POST /secret-env-vars']);
    writeFileSync(join(folder, '.secret-files/ca.pem'), 'other');
    expect(await sentSince(() => syncApp(wire, place, folder))).toEqual(['POST /secret-files']);
    edit('overrides/grace-period.yaml', (text) => text.replace('45', '60'));
    expect(await sentSince(() => syncApp(wire, place, folder))).toEqual([expect.stringMatching(/^PUT \/overrides\//)]);
    await pull();
    expect(await sentSince(() => syncApp(wire, place, folder))).toEqual([]);
    const { app } = await readApp(wire, place);
    const unchanged = {
      name: app['name'],
      requires: await wire.get(`/${place.aid}/${place.cid}/apps/${place.id}/requires`),
    };
    expect(await wire.send('PATCH', `/${place.aid}/${place.cid}/apps/${place.id}?merge=true`, unchanged)).toMatchObject(
      {
        osid: `app-${place.id}`,
        noOp: true,
        message: expect.any(String),
      },
    );
  });

  it('compares and changes a service by its file', async () => {
    const { aid, cid } = plane.info;
    const service = { aid, cid, type: 'postgresql', id: String(database['id']) };
    const path = `/${aid}/${cid}/services/postgresql/${service.id}`;
    const document = serviceDocument(catalog, service, await wire.get(path));
    expect(printDocument(document)).toMatch(/^type: postgresql\nid: \w+\ncid: \w+\naid: \w+\n/);
    expect(document).toMatchObject({ name: 'orders of a client', replicas: 1 });
    const patch = servicePatch(catalog, { ...document, replicas: 2 }, document);
    expect(patch).toEqual({ replicas: 2 });
    const { job } = await followJob(wire, (await wire.send('PATCH', path, patch))['jobId']);
    expect(job).toMatchObject({ status: 'completed' });
    const after = serviceDocument(catalog, service, await wire.get(path));
    expect(after).toMatchObject({ replicas: 2, resourceRequirementClassId: 'custom' });
    expect(servicePatch(catalog, after, after)).toEqual({});
  });

  it('reads who depends on a service that it may not delete, and deletes in order', async () => {
    const refused = await run('services/postgresql/{id}/delete', { id: database['id'] }).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(RefusedRequest);
    expect(refused).toMatchObject({
      status: 409,
      body: { dependents: [{ type: 'app', id: place.id, name: 'shop of a client', alias: 'db' }] },
    });
    await run('apps/delete', { id: place.id });
    await run('services/postgresql/{id}/delete', { id: database['id'] });
    await expect(wire.get(`/${place.aid}/${place.cid}/apps/${place.id}`)).rejects.toMatchObject({ status: 404 });
  });
});
