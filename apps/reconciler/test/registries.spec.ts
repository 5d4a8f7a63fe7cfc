import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type KubeObject, mapAt } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { FakeRegistry } from './fake-registry.js';
import { type Harness, type Instance, useHarness } from './harness.js';

let registry: FakeRegistry;
beforeAll(async () => {
  registry = await FakeRegistry.start();
});
afterAll(() => registry.stop());
beforeEach(() => {
  registry.password = 'first-Password';
  registry.answer = undefined;
});

describe('the pull credentials of an account', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { callLoopbackRegistries: true, maxRegistries: 4 } });

  const imageAt = (host: string, tag = '1.4'): string => `${host}/acme/shop:${tag}`;
  /** Another name of the registry, of which no other app has an image. */
  const otherName = (name: string): string => registry.host.replace('127.0.0.1', name);
  const add = (password = registry.password, host = registry.host) =>
    harness.request(reconciler.createRegistry, { host, username: 'acme', password });
  const list = async () => (await harness.request(reconciler.listRegistries, {})).registries;
  const remove = (id: string) => harness.request(reconciler.deleteRegistry, { id });
  beforeEach(async () => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    for (const { id } of await list()) await remove(id);
    await settled();
  });

  /** All queued apps have been given their jobs, and those have ended. */
  const settled = () =>
    waitUntil(
      async () => {
        const { open } = await harness.row<{ open: number }>(
          `SELECT (SELECT count(*) FROM credential_rollout)::int
             + (SELECT count(*) FROM job_ref WHERE outcome IS NULL)::int AS open`,
        );
        return open === 0;
      },
      { everyMs: 20, because: () => 'the apps do not get their credentials' },
    );
  const objectsOf = ({ osid }: Instance) => harness.agent.bundleOf(osid).objects;
  const secretOf = (one: Instance): KubeObject | undefined =>
    objectsOf(one).find(({ kind, metadata }) => kind === 'Secret' && metadata.name === `${one.osid}-pull-credentials`);
  const authsOf = (one: Instance): Record<string, unknown> => {
    const data = mapAt(secretOf(one) ?? {}, 'data');
    const text = Buffer.from(String(data['.dockerconfigjson'] ?? 'e30='), 'base64').toString('utf8');
    return mapAt(JSON.parse(text) as KubeObject, 'auths');
  };
  const templateOf = (one: Instance) =>
    mapAt(objectsOf(one).find(({ kind }) => kind === 'Deployment') ?? {}, 'spec', 'template', 'spec');
  const credentials = (password: string) => expect.objectContaining({ username: 'acme', password });

  it('are checked, listed and shown without their password', async () => {
    const { affectedApps, ...added } = await harness.request(reconciler.createRegistry, {
      host: registry.host,
      username: 'acme',
      password: registry.password,
      name: 'ours',
    });
    expect(affectedApps).toBe(0);
    const { id, createdAt } = added;
    const check = { status: 'verified', at: expect.any(String) };
    const shown = { id, name: 'ours', host: registry.host, username: 'acme', check, createdAt, updatedAt: createdAt };
    expect(added).toEqual(shown);
    expect(await list()).toEqual([added]);
    expect(await harness.request(reconciler.showRegistry, { id })).toEqual(added);
    const { password_sealed } = await harness.row<{ password_sealed: string }>(
      'SELECT password_sealed FROM registry_credential',
    );
    expect(password_sealed).not.toContain(registry.password);
  });

  it('are one per registry, however its host is spelled', async () => {
    const first = await add('any', 'Index.docker.invalid:443');
    expect(first).toMatchObject({ host: 'index.docker.invalid', check: { status: 'unreachable' } });
    await expect(add('any', 'index.docker.invalid')).rejects.toMatchObject({
      code: 'registry.exists',
      details: { registryId: first.id },
    });
    await Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => add('any', `${name}.invalid`)));
    expect(await list()).toHaveLength(4);
    await expect(add('any', 'e.invalid')).rejects.toMatchObject({ code: 'limit.exceeded', details: { limit: 4 } });
  });

  it('are refused with the words of the registry, and stored if it cannot be reached', async () => {
    const refused = {
      code: 'request.invalid',
      details: {
        issues: [
          {
            path: 'password',
            message: `${registry.host} refuses these credentials: "incorrect username or password"`,
          },
        ],
      },
    };
    await expect(add('wrong')).rejects.toMatchObject(refused);
    expect(await list()).toEqual([]);
    const { id } = await add();
    await expect(
      harness.request(reconciler.updateRegistry, { id, change: { password: 'wrong' } }),
    ).rejects.toMatchObject(refused);
    registry.answer = (_, response) => response.destroy();
    const changed = await harness.request(reconciler.updateRegistry, { id, change: { password: 'other' } });
    expect(changed.check).toMatchObject({
      status: 'unreachable',
      message: expect.stringContaining('no secure connection'),
    });
  });

  it('are those of both changes, or one of two at once is refused', async () => {
    const host = otherName('127.0.1');
    const { id } = await add(registry.password, host);
    const one = await harness.create('app', { image: imageAt(host) });
    const update = (change: object) => harness.request(reconciler.updateRegistry, { id, change });
    /** The second change is made while the first one is checked. */
    const during = async (first: object, second: object) => {
      let endCheck = (): void => undefined;
      let slow: ReturnType<typeof update> | undefined;
      await new Promise<void>((reached) => {
        registry.answer = (_, response) => {
          registry.answer = undefined;
          endCheck = () => response.destroy();
          reached();
        };
        slow = update(first);
        slow.catch(() => undefined);
      });
      await update(second);
      endCheck();
      return slow;
    };
    registry.password = 'second-Password';
    await expect(during({ username: 'other' }, { password: 'second-Password' })).rejects.toMatchObject({
      code: 'conflict.stale',
      message: expect.stringContaining('has changed the password of registry'),
    });
    await settled();
    expect(authsOf(one)).toEqual({ [host]: credentials('second-Password') });
    const both = { username: 'acme', password: 'third-Password' };
    expect(await during(both, { name: 'renamed', password: 'second-Password' })).toMatchObject({ name: 'renamed' });
    await settled();
    expect(authsOf(one)).toEqual({ [host]: credentials('third-Password') });
  });

  it('are given to each app with an image of the registry: added, changed and deleted', async () => {
    const one = await harness.create('app', { image: imageAt(registry.host) });
    const other = await harness.create('app', { image: imageAt('ghcr.io') });
    const before = harness.agent.bundleOf(one.osid).digest;
    const { revision } = harness.agent.bundleOf(other.osid);
    const { id, affectedApps } = await add();
    expect(affectedApps).toBe(1);
    await settled();
    expect(secretOf(one)).toMatchObject({ type: 'kubernetes.io/dockerconfigjson' });
    expect(authsOf(one)).toEqual({ [registry.host]: credentials('first-Password') });
    expect(templateOf(one)).toMatchObject({ imagePullSecrets: [{ name: `${one.osid}-pull-credentials` }] });
    const template = JSON.stringify(templateOf(one));

    registry.password = 'second-Password';
    const change = { password: 'second-Password' };
    expect(await harness.request(reconciler.updateRegistry, { id, change })).toMatchObject({ affectedApps: 1 });
    await settled();
    expect(authsOf(one)).toEqual({ [registry.host]: credentials('second-Password') });
    expect(JSON.stringify(templateOf(one))).toBe(template);
    expect(await harness.request(reconciler.updateRegistry, { id, change })).toMatchObject({ affectedApps: 0 });
    const named = await harness.request(reconciler.updateRegistry, { id, change: { name: 'renamed' } });
    expect(named).toMatchObject({ name: 'renamed', affectedApps: 0 });

    expect(await remove(id)).toEqual({ id, host: registry.host, affectedApps: 1 });
    await settled();
    expect(secretOf(one)).toBeUndefined();
    expect(harness.agent.bundleOf(one.osid).digest).toBe(before);
    expect(harness.agent.bundleOf(other.osid).revision).toBe(revision);
    await expect(remove(id)).rejects.toMatchObject({ code: 'registry.not_found' });
  });

  it('are given to apps that are created at the same time', async () => {
    const host = otherName('127.1');
    const creations = Array.from({ length: 12 }, () => harness.create('app', { image: imageAt(host) }));
    const { affectedApps } = await add(registry.password, host);
    const apps = await Promise.all(creations);
    await settled();
    expect(apps.map((one) => authsOf(one))).toEqual(apps.map(() => ({ [host]: credentials('first-Password') })));
    const revisions = apps.map(({ osid }) => harness.agent.bundleOf(osid).revision);
    expect(revisions.filter((revision) => revision > 1).length).toBe(affectedApps);
  });

  it('follow the image of an app: from its creation, and to another registry', async () => {
    await add();
    await harness.request(reconciler.createRegistry, { host: 'other.invalid', username: 'other', password: 'other' });
    const one = await harness.create('app', { image: imageAt(registry.host) });
    expect(authsOf(one)).toEqual({ [registry.host]: credentials('first-Password') });
    const update = async (image: string) => {
      await harness.request(reconciler.updateInstance, { ...one, fields: { image } });
      await settled();
    };
    await update(imageAt('Other.invalid'));
    expect(Object.keys(authsOf(one))).toEqual(['Other.invalid']);
    await update(imageAt('ghcr.io'));
    expect(secretOf(one)).toBeUndefined();
  });

  it('are the present ones after a rollback, and in a plan only marked', async () => {
    const { id } = await add();
    const one = await harness.create('app', { image: imageAt(registry.host) });
    registry.password = 'second-Password';
    await harness.request(reconciler.updateRegistry, { id, change: { password: 'second-Password' } });
    await settled();
    await harness.request(reconciler.updateInstance, { ...one, fields: { image: imageAt('ghcr.io') } });
    await settled();
    const planned = await harness.request(reconciler.updateInstance.plan, {
      ...one,
      fields: { image: imageAt(registry.host) },
    });
    const marked = {
      registry: registry.host,
      username: 'acme',
      password: expect.stringMatching(/^secret [0-9a-f]{8}$/),
    };
    expect(planned.changes).toContainEqual({ field: 'pullCredentials', before: null, after: marked });
    expect(JSON.stringify(planned)).not.toContain('second-Password');
    await harness.request(reconciler.rollBackInstance, { ...one, revision: 1 });
    await settled();
    expect(authsOf(one)).toEqual({ [registry.host]: credentials('second-Password') });
    expect(await harness.request(reconciler.rollBackInstance, { ...one, revision: 1 })).toMatchObject({ noOp: true });
  });

  it('are the present ones when a queued change to another registry is cancelled', async () => {
    const host = otherName('localhost');
    const { id } = await add(registry.password, host);
    const one = await harness.create('app', { image: imageAt(host) });
    harness.agent.onBundle = (bundle) => harness.agent.report(bundle, 'applying');
    const { jobId: restart } = await harness.request(reconciler.restartInstance, one);
    await harness.jobs.delivered(restart);
    const queued = await harness.request(reconciler.updateInstance, { ...one, fields: { image: imageAt('ghcr.io') } });
    registry.password = 'second-Password';
    const change = { password: 'second-Password' };
    expect(await harness.request(reconciler.updateRegistry, { id, change })).toMatchObject({ affectedApps: 0 });
    await harness.request(reconciler.cancelJob, { id: String((queued as { jobId: string }).jobId) });
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await harness.finish(restart);
    await settled();
    expect(authsOf(one)).toEqual({ [host]: credentials('second-Password') });
  });

  it('are in no job, event, revision or row in the clear', async () => {
    const marked = 'never-shown-Password';
    registry.password = marked;
    const one = await harness.create('app', { image: imageAt(registry.host) });
    const { id } = await add();
    await settled();
    expect(authsOf(one)).toEqual({ [registry.host]: credentials(marked) });
    await remove(id);
    await settled();
    const secrets = [marked, Buffer.from(marked).toString('base64'), Buffer.from(`acme:${marked}`).toString('base64')];
    const columns = await harness.sql<{ place: string; name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS place, quote_ident(column_name) AS name
       FROM information_schema.columns WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
         AND data_type IN ('text', 'jsonb', 'json', 'bytea', 'character varying', 'ARRAY')`,
    );
    for (const { place, name } of columns) {
      const rows = await harness.sql<{ text: string | null }>(`SELECT ${name}::text AS text FROM ${place}`);
      const text = rows.map((row) => row.text ?? '').join('\n');
      for (const secret of secrets) expect([place, name, text.includes(secret)]).toEqual([place, name, false]);
    }
  });

  it('of another account are not found, and reach no app of this one', async () => {
    const one = await harness.create('app', { image: imageAt(registry.host) });
    const other = { tenant: 'zzzzz' };
    const { id, affectedApps } = await harness.request(
      reconciler.createRegistry,
      { host: registry.host, username: 'acme', password: registry.password },
      other,
    );
    expect(affectedApps).toBe(0);
    expect(await list()).toEqual([]);
    for (const attempt of [
      () => harness.request(reconciler.showRegistry, { id }),
      () => harness.request(reconciler.updateRegistry, { id, change: { username: 'stolen' } }),
      () => remove(id),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'registry.not_found' });
    }
    expect(secretOf(one)).toBeUndefined();
    await harness.request(reconciler.deleteRegistry, { id }, other);
  });
});
