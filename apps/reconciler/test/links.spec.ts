import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { type Harness, type Instance, useHarness } from './harness.js';

const image = 'ghcr.io/acme/shop:1.4';

describe('the links of an app', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const create = (fields: Record<string, unknown> = {}) => harness.create('app', { image, ...fields });
  const update = async (one: Instance, fields: Record<string, unknown>) => {
    const answer = await harness.request(reconciler.updateInstance, { ...one, fields });
    if (!('jobId' in answer)) throw new Error(`no job: ${JSON.stringify(answer)}`);
    return (await harness.jobs.ended(answer.jobId)).job;
  };
  const secretsOf = async ({ cid, id }: Instance) =>
    (await harness.request(reconciler.showSecretVariables, { cid, id })).body.envVars;
  const objectsOf = (osid: string, kind: string) =>
    harness.agent.bundleOf(osid).objects.filter((object) => object.kind === kind);

  it('bring the credentials of a service under the names of the app', async () => {
    const cache = await harness.create('valkey');
    const credentials = await harness.request(reconciler.showInstanceCredentials, cache);
    const env = { url: 'CACHE_URL', port: 'CACHE_PORT', user: 'CACHE_USER' };
    const one = await create({ requires: { cache: { type: 'valkey', id: cache.osid, env } } });
    const expected = {
      CACHE_URL: credentials.url,
      CACHE_PORT: String(credentials.port),
      CACHE_USER: credentials.username,
    };
    expect(await secretsOf(one)).toEqual(expected);
    const { cid, id } = one;
    const { body: shown } = await harness.request(reconciler.showLinks, { cid, id });
    expect(shown).toEqual({ cache: { id: cache.id, type: 'valkey', config: {}, env } });
    const [variables] = objectsOf(one.osid, 'Secret');
    expect(Object.keys(variables?.['data'] as object)).toEqual(expect.arrayContaining(Object.keys(expected)));
    const { dependencies } = await harness.request(reconciler.listDependencies, one);
    expect(dependencies).toEqual([expect.objectContaining({ type: 'valkey', id: cache.id, osid: cache.osid })]);
    const { dependents } = await harness.request(reconciler.listDependents, cache);
    expect(dependents).toEqual([expect.objectContaining({ type: 'app', id, osid: one.osid })]);
    await expect(harness.request(reconciler.deleteInstance, cache)).rejects.toMatchObject({
      code: 'service.in_use',
      details: { instances: 1, osids: [one.osid], dependents: [{ type: 'app', id, name: one.osid, alias: 'cache' }] },
    });
    const again = { type: 'valkey', id: cache.id };
    await update(one, { requires: { cache: again, sessions: again } });
    await expect(harness.request(reconciler.deleteInstance, cache)).rejects.toMatchObject({
      details: { instances: 1, osids: [one.osid], dependents: [{ alias: 'cache' }, { alias: 'sessions' }] },
    });
  });

  it('win over secret variables, and are no plain ones', async () => {
    const cache = await harness.create('valkey');
    const one = await create({ requires: { cache: { type: 'valkey', id: cache.id, env: { host: 'CACHE' } } } });
    const { cid, id, osid } = one;
    const host = `${cache.osid}.${cache.osid}.svc`;
    const change = (what: object) => harness.request(reconciler.changeEnvironment, { cid, id, change: what });
    expect(await change({ secretEnvVars: { CACHE: 'sent back' } })).toMatchObject({ osid, noOp: true });
    expect(await secretsOf(one)).toEqual({ CACHE: host });
    await expect(change({ envVars: { CACHE: 'own' } })).rejects.toMatchObject({
      details: { issues: [{ path: 'envVars.CACHE', message: 'CACHE is set by a link of the app' }] },
    });
    const answer = await change({ envVars: { OWN: '1' } });
    await harness.jobs.ended(String((answer as { jobId: string }).jobId));
    const fields = { requires: { cache: { type: 'valkey', id: cache.id, env: { host: 'OWN' } } } };
    await expect(harness.request(reconciler.updateInstance, { ...one, fields })).rejects.toMatchObject({
      details: { issues: [{ message: 'the app has a variable OWN of its own' }] },
    });
  });

  it('lead to apps too, whose network is open to this one', async () => {
    const api = await create({ servicePortMappings: [{ port: 8080 }] });
    const one = await create();
    const requires = { api: { type: 'app', id: api.osid, env: { url: 'API_URL' } } };
    await update(one, { requires });
    expect(await secretsOf(one)).toEqual({ API_URL: `http://${api.osid}.${api.osid}.svc:8080` });
    const label = `runos.com/requires.${api.osid}`;
    expect(objectsOf(one.osid, 'Namespace')).toMatchObject([{ metadata: { labels: { [label]: 'true' } } }]);
    expect(JSON.stringify(objectsOf(api.osid, 'NetworkPolicy'))).toContain(`{"${label}":"true"}`);
    await expect(harness.request(reconciler.deleteInstance, api)).rejects.toMatchObject({ code: 'app.in_use' });
    await update(one, { requires: {} });
    expect(await secretsOf(one)).toEqual({});
    const { jobId } = await harness.request(reconciler.deleteInstance, api);
    expect((await harness.jobs.ended(jobId)).job).toMatchObject({ status: 'completed' });
    await expect(harness.request(reconciler.rollBackInstance, { ...one, revision: 2 })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'requires.api' }] },
      message: expect.stringContaining('update the app to its fields without this link.'),
    });
  });

  it('get the present address of an app with each write, and within the limits', async () => {
    const api = await create({ servicePortMappings: [{ port: 8080 }] });
    const one = await create({ requires: { api: { type: 'app', id: api.id, env: { port: 'API_PORT' } } } });
    await update(api, { servicePortMappings: [{ port: 9999 }] });
    const { cid, id } = one;
    const answer = await harness.request(reconciler.changeEnvironment, { cid, id, change: { envVars: { A: '1' } } });
    await harness.jobs.ended(String((answer as { jobId: string }).jobId));
    expect(await secretsOf(one)).toEqual({ API_PORT: '9999' });
    await harness.request(reconciler.rollBackInstance, { ...one, revision: 1 });
    expect(await secretsOf(one)).toEqual({ API_PORT: '9999' });
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`V${index}`, 'x']));
    const full = await create();
    await harness.request(reconciler.changeEnvironment, { cid, id: full.id, change: { envVars: many } });
    const requires = { api: { type: 'app', id: api.id, env: { host: 'API_HOST' } } };
    await expect(harness.request(reconciler.updateInstance, { ...full, fields: { requires } })).rejects.toMatchObject({
      details: { issues: [{ path: 'requires', message: 'the app has 501 variables; at most 500 are allowed' }] },
    });
  });

  it('bring a new address of an app without a write of the other one', async () => {
    const api = await create({ servicePortMappings: [{ port: 8080 }] });
    const one = await create({ requires: { api: { type: 'app', id: api.id, env: { port: 'API_PORT' } } } });
    const other = await create();
    const before = harness.agent.bundleOf(other.osid).revision;
    await update(api, { servicePortMappings: [{ port: 9999 }] });
    let seen = '';
    await waitUntil(
      async () => {
        seen = (await secretsOf(one))['API_PORT'] ?? '';
        return seen === '9999' && harness.agent.bundleOf(one.osid).revision === 2;
      },
      { because: () => `the port is ${seen}` },
    );
    const { revisions } = await harness.request(reconciler.listInstanceRevisions, { ...one, limit: 10 });
    expect(revisions).toHaveLength(2);
    await update(api, { servicePortMappings: [{ port: 9999 }, { port: 9000 }] });
    expect(harness.agent.bundleOf(one.osid).revision).toBe(2);
    expect(harness.agent.bundleOf(other.osid).revision).toBe(before);
  });

  it('hide a secret variable of the same name, which comes back when the link ends', async () => {
    const api = await create({ servicePortMappings: [{ port: 8080 }] });
    const one = await create();
    const { cid, id } = one;
    const change = (what: object) => harness.request(reconciler.changeEnvironment, { cid, id, change: what });
    await change({ secretEnvVars: { PORT: 'own' } });
    await update(one, { requires: { api: { type: 'app', id: api.id, env: { port: 'PORT' } } } });
    expect(await secretsOf(one)).toEqual({ PORT: '8080' });
    expect(await change({ secretEnvVars: { PORT: '8080' } })).toMatchObject({ noOp: true });
    await update(one, { requires: {} });
    expect(await secretsOf(one)).toEqual({ PORT: 'own' });
  });

  it('of two apps to each other are written at the same time', async () => {
    const apps = await Promise.all(Array.from({ length: 6 }, () => create()));
    const pairs = apps.flatMap((one, index) => [apps[index ^ 1] ?? one].map((other) => ({ one, other })));
    const answers = await Promise.all(
      pairs.map(({ one, other }) =>
        harness.request(reconciler.updateInstance, {
          ...one,
          fields: { requires: { other: { type: 'app', id: other.id, env: { host: 'OTHER' } } } },
        }),
      ),
    );
    expect(answers.filter((answer) => 'jobId' in answer)).toHaveLength(6);
  });

  it('of a queued change count until it is withdrawn', async () => {
    const [kept, left] = await Promise.all([harness.create('valkey'), harness.create('valkey')]);
    const link = ({ id }: Instance) => ({ v: { type: 'valkey', id, env: { host: 'V' } } });
    const one = await create({ requires: link(left) });
    harness.agent.onBundle = () => Promise.resolve();
    await harness.request(reconciler.restartInstance, one);
    await harness.request(reconciler.updateInstance, { ...one, fields: { requires: link(kept) } });
    const { jobId } = await harness.request(reconciler.restartInstance, one);
    await harness.request(reconciler.cancelJob, { id: jobId });
    await expect(harness.request(reconciler.deleteInstance, kept)).rejects.toMatchObject({ code: 'service.in_use' });
    await harness.request(reconciler.deleteInstance, left);
    const jobs = await harness.sql<{ id: string }>(
      `SELECT j.job_id AS id FROM job_ref j JOIN instance i ON i.id = j.instance_id
       WHERE i.osid = '${one.osid}' AND j.type = 'app.update' AND j.outcome IS NULL`,
    );
    const answer = await harness.request(reconciler.cancelJob, { id: jobs[0]?.id ?? '' });
    expect(answer).toMatchObject({ cancelled: false, message: expect.stringContaining(left.osid) });
  });

  it('that cannot be made are refused with every reason', async () => {
    const cache = await harness.create('valkey');
    const one = await create();
    const link = (type: string, id: string, env = {}) => ({ type, id, env });
    const requires = {
      none: link('valkey', 'zzzzz'),
      unknown: link('nosuchtype', 'zzzzz'),
      self: link('app', one.id),
      first: link('valkey', cache.id, { host: 'TWICE', database: 'DB' }),
      second: link('valkey', cache.osid, { port: 'TWICE' }),
    };
    const answer = harness.request(reconciler.updateInstance, { ...one, fields: { requires } });
    await expect(answer).rejects.toMatchObject({
      code: 'request.invalid',
      details: {
        issues: expect.arrayContaining([
          { path: 'requires.none', message: `instance "zzzzz" of valkey does not exist in cluster "abc"` },
          { path: 'requires.unknown', message: 'there is no type "nosuchtype"' },
          { path: 'requires.self', message: 'an app cannot require itself' },
          { path: 'requires.first.env.database', message: expect.stringContaining('has no credential "database"') },
          { path: 'requires.second.env.port', message: 'the variable TWICE is set by two links' },
        ]),
      },
    });
  });
});
