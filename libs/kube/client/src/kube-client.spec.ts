import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { halfOpenProxy } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { startInformer } from './informer.js';
import { isAlreadyExists, isConflict, isNotFound, KubeError } from './kube-error.js';
import { configMap, type KubeHarness, startKubeHarness } from '../test/harness.js';

let harness: KubeHarness;

beforeAll(async () => {
  harness = await startKubeHarness();
}, 900_000);

/** Ends what a test has opened besides the harness, the last first. */
const closes: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closes.splice(0).reverse()) await close();
});
afterAll(() => harness?.stop());

const until = (holds: () => boolean | Promise<boolean>, what: () => string) =>
  waitUntil(holds, { everyMs: 100, because: what });

const refused = async (attempt: Promise<unknown>): Promise<KubeError> => {
  const thrown: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof KubeError) return thrown;
  throw new Error(`expected a KubeError, got ${String(thrown)}`);
};

describe('the client', () => {
  it('applies as a field manager, keeps foreign fields, and changes nothing in a dry run', async () => {
    const { client, namespace } = harness;
    const made = await client.apply(configMap(namespace, 'shared', { ours: '1' }));
    await client.mergePatch(refOf(made), { data: { foreign: '2' } }, { fieldManager: 'other' });
    const dry = await client.apply(configMap(namespace, 'shared', { ours: '3' }), { dryRun: true });
    expect(dry['data']).toEqual({ ours: '3', foreign: '2' });
    expect((await client.get(refOf(made)))['data']).toEqual({ ours: '1', foreign: '2' });
    expect(made.metadata.managedFields).toMatchObject([{ manager: 'runos', operation: 'Apply' }]);
  });

  it('conflicts with another field manager unless it forces', async () => {
    const { client, namespace } = harness;
    await client.apply(configMap(namespace, 'owned', { a: '1' }), { fieldManager: 'other' });
    const conflict = await refused(client.apply(configMap(namespace, 'owned', { a: '2' }), { force: false }));
    expect(conflict).toMatchObject({ status: 409, reason: 'Conflict', isPermanent: false });
    expect((await client.apply(configMap(namespace, 'owned', { a: '2' })))['data']).toEqual({ a: '2' });
  });

  it('creates an object once, and deletes only the object with the given uid and resourceVersion', async () => {
    const { client, namespace } = harness;
    const made = await client.create(configMap(namespace, 'short-lived'));
    expect(isConflict(await refused(client.delete(refOf(made), { uid: 'another' })))).toBe(true);
    expect(isConflict(await refused(client.delete(refOf(made), { resourceVersion: '1' })))).toBe(true);
    const again = await refused(client.create(configMap(namespace, 'short-lived')));
    expect([again.status, isAlreadyExists(again), isConflict(again)]).toEqual([409, true, false]);
    expect(await client.delete(refOf(made), { uid: made.metadata.uid })).toBe('deleted');
    expect(await client.delete(refOf(made))).toBe('deleted');
    expect(await client.find(refOf(made))).toBeUndefined();
    const held = await client.create({
      ...configMap(namespace, 'held'),
      metadata: { name: 'held', namespace, finalizers: ['example.com/x'] },
    });
    expect(await client.delete(refOf(held))).toBe('deleting');
    await client.jsonPatch(refOf(held), [{ op: 'remove', path: '/metadata/finalizers' }]);
  });

  it('reads and lists only the metadata of objects on request', async () => {
    const { client, namespace } = harness;
    const made = await client.apply(configMap(namespace, 'described', { a: '1' }, { kind: 'described' }));
    const found = await client.find(refOf(made), { metadataOnly: true });
    expect(found).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { uid: made.metadata.uid } });
    expect(found).not.toHaveProperty('data');
    const selection = { apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: 'kind=described' };
    expect((await client.list(selection))[0]).toMatchObject({ data: { a: '1' } });
    const [described] = await client.list({ ...selection, metadataOnly: true });
    expect(described).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'described' } });
    expect(described).not.toHaveProperty('data');
  });

  it('lists page by page, with the kind in every item', async () => {
    const { client, namespace } = harness;
    const names = Array.from({ length: 7 }, (_, index) => `page-${index}`);
    await Promise.all(names.map((name) => client.create(configMap(namespace, name, {}, { paged: 'yes' }))));
    const sizes: number[] = [];
    const listed: string[] = [];
    const selection = { apiVersion: 'v1', kind: 'ConfigMap', namespace, labelSelector: 'paged=yes' };
    for await (const { items } of client.pages(selection, { pageSize: 3 })) {
      sizes.push(items.length);
      listed.push(...items.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
    }
    expect(sizes).toEqual([3, 3, 1]);
    expect(listed.sort()).toEqual(names.map((name) => `ConfigMap ${name}`));
  });

  it('replaces an object only if it is unchanged since it was read', async () => {
    const { client, namespace } = harness;
    const made = await client.create(configMap(namespace, 'replaced', { a: '1' }));
    await client.replace({ ...made, data: { a: '2' } });
    expect(isConflict(await refused(client.replace({ ...made, data: { a: '3' } })))).toBe(true);
  });

  it('distinguishes permanent errors from temporary ones', async () => {
    const { client, namespace } = harness;
    const wrongType = { ...configMap(namespace, 'bad'), data: { a: [] } };
    const typed = await refused(client.apply(wrongType));
    expect(typed).toMatchObject({ status: 500, isPermanent: true, isOutage: false });
    const invalid = await refused(client.create(configMap(namespace, 'BAD NAME')));
    expect(invalid).toMatchObject({ status: 422, reason: 'Invalid', isPermanent: true });
    expect(invalid.fields[0]).toMatchObject({ field: 'metadata.name' });
    const absent = await refused(client.get(refOf(configMap(namespace, 'absent'))));
    expect([isNotFound(absent), absent.isPermanent, absent.isOutage]).toEqual([true, false, false]);
    const unknown = await refused(
      client.apply({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } }),
    );
    expect(unknown).toMatchObject({ reason: 'NoKind', message: expect.stringContaining('install the operator') });
    expect(
      (await refused(harness.newClient({ server: harness.cluster.server }).get(refOf(configMap('kube-none', 'x')))))
        .status,
    ).toBe(404);
  });

  it('finds a kind that is installed later', async () => {
    const { client } = harness;
    const known = await client.mapper.resource('postgresql.cnpg.io/v1', 'Cluster');
    expect(known).toEqual({ plural: 'clusters', namespaced: true });
    expect(await client.mapper.resource('v1', 'Namespace')).toEqual({ plural: 'namespaces', namespaced: false });
  });

  it('reads, watches and deletes objects of a version that the cluster serves no more, and does not write them', async () => {
    const { client, namespace } = harness;
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
    };
    const versionOf = (name: string, served: boolean) => {
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
      return { name, served, storage: name === 'v1', schema };
    };
    const install = (served: boolean) =>
      client.apply({
        ...crd,
        metadata: { name: 'dials.moved.example' },
        spec: {
          group: 'moved.example',
          scope: 'Namespaced',
          names: { kind: 'Dial', plural: 'dials', singular: 'dial', listKind: 'DialList' },
          versions: [versionOf('v1beta1', served), versionOf('v1', true)],
        },
      } as unknown as KubeObject);
    const old = { apiVersion: 'moved.example/v1beta1', kind: 'Dial', metadata: { name: 'one', namespace } };
    const isServed = (version: string) =>
      client.mapper.resource(`moved.example/${version}`, 'Dial').then(
        () => true,
        () => false,
      );
    closes.push(() => client.delete({ ...crd, name: 'dials.moved.example' }));
    await install(true);
    await until(
      () => isServed('v1beta1'),
      () => 'v1beta1 is not served',
    );
    const seen: string[] = [];
    const selection = { apiVersion: old.apiVersion, kind: old.kind };
    const informer = startInformer(client, selection, {
      onAddOrUpdate: ({ metadata }) => void seen.push(metadata.name),
      onDelete: ({ metadata }) => void seen.push(`-${metadata.name}`),
    });
    closes.push(() => informer.stop());
    await informer.synced;
    const made = await client.apply(old);
    await install(false);
    const raw = () => client.transport.send({ method: 'GET', path: '/apis/moved.example/v1beta1/dials' });
    const isRefused = () =>
      raw().then(
        () => false,
        () => true,
      );
    await until(isRefused, () => 'v1beta1 is still served');

    expect(await client.find(refOf(old))).toMatchObject({ metadata: { uid: made.metadata.uid } });
    expect(await client.list(selection)).toHaveLength(1);
    expect(await refused(client.apply(old))).toMatchObject({ status: 404, reason: 'NoKind' });
    await client.apply({ ...old, apiVersion: 'moved.example/v1', metadata: { name: 'two', namespace } });
    await until(
      () => seen.includes('two'),
      () => `"two" is not seen, only ${seen.join()}`,
    );
    expect(await client.delete(refOf(old), { uid: made.metadata.uid })).toBe('deleted');
    expect(await client.find({ ...refOf(old), apiVersion: 'moved.example/v1' })).toBeUndefined();
    await until(
      () => seen.includes('-one'),
      () => `the end of "one" is not seen, only ${seen.join()}`,
    );
  });

  it('times out without a response', async () => {
    const proxy = await halfOpenProxy(Number(new URL(harness.cluster.server).port));
    const client = harness.newClient({ server: `https://127.0.0.1:${proxy.port}` }, { timeoutMs: 300 });
    closes.push(() => client.close(), proxy.stop);
    const system = { apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' };
    await client.get(system, { timeoutMs: 60_000 });
    proxy.freeze();
    expect(await refused(client.get(system))).toMatchObject({ status: 0, reason: 'TimedOut', isOutage: true });
    expect((await client.get(system, { timeoutMs: 60_000 })).metadata.name).toBe('kube-system');
    proxy.stop();
    expect(await refused(client.get(system))).toMatchObject({ status: 0, isOutage: true });
  });
});
