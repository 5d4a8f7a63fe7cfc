import { isDeepStrictEqual } from 'node:util';
import type { ChangePlan } from '@runos/api';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LiveObject } from '@runos/testing-kube';
import { eventually } from './eventually.js';
import { connectToSharedPlane, type Instance, type PlaneClient } from './plane-client.js';
import { valueAt } from './value-at.js';

const secret = 'planned-Kd83z-secret';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const override = (seconds: number) => ({
  name: 'grace',
  enabled: true,
  data: base64(`spec: {template: {spec: {terminationGracePeriodSeconds: ${seconds}}}}`),
});

const nameOf = (object: LiveObject): string =>
  `${String(object['kind'])} ${String(valueAt(object, 'metadata', 'name'))}`;

/** The objects that differ between two bundles, by kind and name. */
function differing(before: readonly LiveObject[], after: readonly LiveObject[]): string[] {
  const earlier = new Map(before.map((object) => [nameOf(object), JSON.stringify(object)]));
  const later = new Map(after.map((object) => [nameOf(object), JSON.stringify(object)]));
  return [...new Set([...earlier.keys(), ...later.keys()])]
    .filter((name) => earlier.get(name) !== later.get(name))
    .sort();
}

/** A new override has another id than in its plan. */
const withoutIds = (changes: ChangePlan['changes']) =>
  changes.map((change) => ({ ...change, field: change.field.replace(/^overrides\..+/, 'overrides') }));

describe('the plan of each kind of write', () => {
  let planeClient: PlaneClient;
  let app: Instance;
  let database: Instance;
  let setId = '';
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    const { api, info } = planeClient;
    const apps = `/${info.aid}/${info.cid}/apps`;
    const created = await api.post(apps, { name: 'planned', image: 'docker.io/library/shop:1' });
    const { id, osid, jobId } = created.body;
    app = { path: `${apps}/${String(id)}`, osid: String(osid), jobId: String(jobId) };
    await planeClient.waitForCompletion(jobId);
    const set = await api.post(`/${info.aid}/config-sets`, {
      name: 'planned',
      type: 'postgresql',
      values: { work_mem: '8MB' },
    });
    setId = String(set.body['setId']);
    database = await planeClient.create('postgresql', { configSetId: setId, version: '16' });
    await api.patch(`/${info.aid}/config-sets/${setId}`, { values: { work_mem: '16MB' } });
  });

  const stateOf = async ({ path }: Instance) => {
    const { body, headers } = await planeClient.api.get(path);
    const { revisions } = (await planeClient.api.get(`${path}/revisions`)).body as {
      revisions: { revision: number }[];
    };
    const conditions = (body['conditions'] as object[]).map((condition) => ({ ...condition, since: null }));
    return { body: { ...body, conditions, updatedAt: null }, etag: headers.get('etag'), revisions };
  };
  /** The state once the pods of an earlier write are ready. */
  const settledStateOf = async (one: Instance) => {
    await planeClient.showOnce(one, { status: 'healthy' });
    return stateOf(one);
  };
  /** The status may differ for a moment, because pods of an earlier write end. What a write changes stays changed. */
  const expectState = (one: Instance, expected: Awaited<ReturnType<typeof stateOf>>) =>
    eventually(`${one.osid} to be ${JSON.stringify(expected)}`, async () => {
      const now = await stateOf(one);
      if (!isDeepStrictEqual(now, expected)) throw new Error(`it is ${JSON.stringify(now)}`);
      return true;
    });

  /** Plans a write, runs it, and expects the same changes of fields and objects. Returns the answer of the write. */
  const expectPlanned = async (one: Instance, method: string, path: string, body?: object) => {
    const before = await settledStateOf(one);
    const bundle = await planeClient.bundle(one.osid);
    const plan = await planeClient.api.post(
      `${one.path}${path}${method === 'DELETE' ? '/delete' : ''}/plan`,
      body ?? (method === 'POST' ? {} : undefined),
    );
    expect([path, plan.status, plan.body['code']]).toEqual([path, 200, undefined]);
    const planned = plan.body as ChangePlan;
    await expectState(one, before);
    expect(JSON.stringify(planned)).not.toContain(secret);
    expect(JSON.stringify(planned)).not.toContain(base64(secret));
    expect(planned).toMatchObject({ osid: one.osid, noOp: false, source: 'cluster' });

    const answer = await planeClient.api.send(method, one.path + path, body);
    expect([path, answer.status]).toEqual([path, 202]);
    await planeClient.waitForCompletion(answer.body['jobId']);
    const [{ revision } = { revision: 0 }] = before.revisions;
    const diff = await planeClient.api.get(`${one.path}/revisions/${revision}/diff`);
    expect([path, withoutIds(planned.changes)]).toEqual([
      path,
      withoutIds(diff.body['changes'] as ChangePlan['changes']),
    ]);
    const objects = planned.objects.map(({ kind, name }) => `${kind} ${name}`).sort();
    expect([path, objects]).toEqual([path, differing(bundle, await planeClient.bundle(one.osid))]);
    expect(planned.objects.filter(({ tried }) => !tried)).toEqual([]);
    return answer.body;
  };

  it('of an app is what the write then does, and nothing was written', async () => {
    await expectPlanned(app, 'POST', '/env-vars', { envVars: { MODE: 'fast' } });
    await expectPlanned(app, 'POST', '/secret-env-vars', { envVars: { TOKEN: secret } });
    await expectPlanned(app, 'POST', '/secret-files', { add: [{ filename: 'key.pem', content: base64(secret) }] });
    await expectPlanned(app, 'POST', '/secrets', { envVars: { MODE: 'slow' }, remove: ['key.pem'] });
    const { overrideId } = await expectPlanned(app, 'POST', '/overrides', override(60));
    await expectPlanned(app, 'PUT', `/overrides/${String(overrideId)}`, override(90));
    await expectPlanned(app, 'DELETE', `/overrides/${String(overrideId)}`);
    await expectPlanned(app, 'POST', '/rollback', { revision: 2 });
  }, 300_000);

  it('of a service is what the write then does, and nothing was written', async () => {
    await expectPlanned(database, 'POST', '/upgrade-config-set', { version: 'v2' });
    await expectPlanned(database, 'PATCH', '/convert-to-custom');
    await expectPlanned(database, 'POST', '/set-advanced-configs', { work_mem: '32MB' });
    await expectPlanned(database, 'POST', '/rollback', { revision: 1 });
  }, 300_000);

  it('of an upgrade names the version, and that of a deletion every object', async () => {
    const before = await settledStateOf(database);
    const { status, body } = await planeClient.api.post(`${database.path}/upgrade/plan`, { version: '17' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ noOp: false, source: 'cluster' });
    expect((body as ChangePlan).changes).toContainEqual({ field: 'version', before: '16', after: '17' });
    const deletion = await planeClient.api.post(`${app.path}/delete/plan`);
    expect(deletion).toMatchObject({ status: 200, body: { osid: app.osid, reason: 'Deletion', restartsPods: true } });
    const objects = (deletion.body as ChangePlan).objects.map(({ kind, name }) => `${kind} ${name}`);
    expect(objects).toEqual((await planeClient.bundle(app.osid)).map(nameOf));
    await expectState(database, before);
    const { body: deleted } = await planeClient.api.delete(app.path);
    await planeClient.waitForCompletion(deleted['jobId']);
  });
});
