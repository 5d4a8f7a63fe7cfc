import { describe, expect, it } from '@jest/globals';
import { bundlesCapability, plansCapability } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { mapAt } from '@runos/kube-objects';
import { type Harness, type Instance, useHarness } from './harness.js';

const image = 'ghcr.io/acme/shop:1.4';
const base64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const contentOf = (text: string | Uint8Array, more: { name?: string; enabled?: boolean } = {}) => ({
  name: 'tuned',
  enabled: true,
  ...more,
  data: base64(text),
});
const grace = (seconds: number): string => `spec: {template: {spec: {terminationGracePeriodSeconds: ${seconds}}}}\n`;
const invalid = (message: string) => ({
  code: 'override.invalid',
  details: { issues: [expect.objectContaining({ message: expect.stringContaining(message) })] },
});

describe('overrides of an instance', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { maxOverrideBytes: 65_536 } });

  const list = async (one: Instance) => (await harness.request(reconciler.listOverrides, one)).body.overrides;
  const add = async (one: Instance, file: ReturnType<typeof contentOf>): Promise<string> => {
    const { overrideId, jobId } = await harness.request(reconciler.createOverride, { ...one, file });
    const { job } = await harness.jobs.ended(jobId);
    expect(job).toMatchObject({ type: `${one.type === 'app' ? 'app' : 'service'}.update`, status: 'completed' });
    return overrideId;
  };
  const ended = async (answer: object) => {
    if (!('jobId' in answer)) throw new Error(`no job: ${JSON.stringify(answer)}`);
    return (await harness.jobs.ended(String(answer.jobId))).job;
  };
  const update = (one: Instance, overrideId: string, file: ReturnType<typeof contentOf>) =>
    harness.request(reconciler.updateOverride, { ...one, overrideId, file });
  const remove = (one: Instance, overrideId: string) =>
    harness.request(reconciler.deleteOverride, { ...one, overrideId });
  const objectOf = ({ osid }: Instance, kind: string) =>
    harness.agent.bundleOf(osid).objects.find((object) => object.kind === kind);
  const podOf = (one: Instance, kind = 'Deployment') => mapAt(objectOf(one, kind), 'spec', 'template', 'spec');
  const createApp = () => harness.create('app', { image, servicePortMappings: [{ port: 8080 }] });

  it.each([
    ['app', 'Deployment'],
    ['valkey', 'StatefulSet'],
  ])('are delivered, changed and deleted, each with a job: %s', async (type, kind) => {
    const one = type === 'app' ? await createApp() : await harness.create(type);
    const before = harness.agent.bundleOf(one.osid);
    const id = await add(one, contentOf(grace(90)));
    expect(podOf(one, kind)).toMatchObject({ terminationGracePeriodSeconds: 90 });
    expect(await list(one)).toEqual([{ id, ...contentOf(grace(90)) }]);
    expect(await update(one, id, contentOf(grace(90)))).toMatchObject({ noOp: true });
    expect(await ended(await update(one, id, contentOf(grace(60))))).toMatchObject({ status: 'completed' });
    expect(podOf(one, kind)).toMatchObject({ terminationGracePeriodSeconds: 60 });
    expect(await ended(await update(one, id, contentOf(grace(60), { enabled: false })))).toMatchObject({
      status: 'completed',
    });
    expect(podOf(one, kind)['terminationGracePeriodSeconds']).not.toBe(60);
    await ended(await remove(one, id));
    expect(await list(one)).toEqual([]);
    expect(harness.agent.bundleOf(one.osid).digest).toBe(before.digest);
    await expect(remove(one, id)).rejects.toMatchObject({ code: 'override.not_found' });
  });

  it('are refused where the cluster could not change an object in place, or refuses it', async () => {
    const one = await createApp();
    await harness.agent.disconnect();
    await harness.agent.connect({ capabilities: [bundlesCapability, plansCapability] });
    const changed = contentOf(grace(31));
    const differing = [{ path: 'spec.serviceName', live: 'a', wanted: 'b' }];
    const answer = (action: 'replaced' | 'refused', kind = 'Deployment', changes = differing) => ({
      objects: [
        {
          object: { apiVersion: 'apps/v1', kind, namespace: one.osid, name: one.osid },
          action,
          message: 'spec.serviceName: field is immutable',
          changes,
        },
      ],
    });
    const refusals = {
      replaced: `Kubernetes cannot change spec.serviceName of Deployment ${one.osid} in place`,
      refused: `Deployment ${one.osid}: spec.serviceName: field is immutable`,
    } as const;
    for (const action of ['replaced', 'refused'] as const) {
      harness.agent.onDiff = () => answer(action);
      await expect(harness.request(reconciler.createOverride, { ...one, file: changed })).rejects.toMatchObject(
        invalid(refusals[action]),
      );
    }
    harness.agent.onDiff = () => answer('replaced', 'Deployment', []);
    await expect(harness.request(reconciler.createOverride, { ...one, file: changed })).rejects.toMatchObject(
      invalid(`cannot change Deployment ${one.osid} in place (spec.serviceName: field is immutable); leave`),
    );
    expect(await list(one)).toEqual([]);
    // An object that the override does not change was refused before.
    harness.agent.onDiff = () => answer('refused', 'Service');
    const id = await add(one, contentOf(grace(90)));
    harness.agent.onDiff = () => answer('refused');
    await expect(update(one, id, changed)).rejects.toMatchObject(invalid('field is immutable'));
    await expect(remove(one, id)).rejects.toMatchObject(invalid('field is immutable'));
    // Every other write of an instance with overrides is tried too.
    const { cid, id: iid } = one;
    const others = [
      () => harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 700 } }),
      () => harness.request(reconciler.restartInstance, one),
      () => harness.request(reconciler.changeEnvironment, { cid, id: iid, change: { envVars: { A: '1' } } }),
      () => harness.request(reconciler.rollBackInstance, { ...one, revision: 1 }),
    ];
    for (const write of others) await expect(write()).rejects.toMatchObject(invalid('field is immutable'));
    const shown = await harness.request(reconciler.showApp, { cid, id: iid });
    expect(shown).not.toMatchObject({ cpuLimitMc: 700 });
    harness.agent.onDiff = () => answer('replaced');
    const grown = await harness.request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc: 700 } });
    expect(await ended(grown)).toMatchObject({ status: 'completed' });
    harness.agent.onDiff = () => ({ objects: [] });
    await ended(await remove(one, id));
    harness.agent.onDiff = () => ({ objects: [] });
  });

  it('are written with a warning where the cluster does not try them', async () => {
    const one = await createApp();
    const warnings = [
      `The change was not tried on the cluster. The agent of cluster ${harness.cid} is not connected. It is tried when it is applied; the job shows what the cluster refuses.`,
    ];
    await harness.agent.disconnect();
    const disabled = await harness.request(reconciler.createOverride, {
      ...one,
      file: contentOf(grace(90), { enabled: false }),
    });
    expect(disabled).not.toHaveProperty('warnings');
    const idempotency = { key: 'once', requestHash: 'h' };
    const write = { ...one, file: contentOf(grace(90)), idempotency };
    const created = await harness.request(reconciler.createOverride, write);
    expect(created).toMatchObject({ warnings });
    expect(await harness.request(reconciler.createOverride, write)).toEqual(created);
    const { overrideId } = created;
    expect(await update(one, overrideId, contentOf(grace(60)))).toMatchObject({ warnings });
    const fields = { cpuLimitMc: 700 };
    expect(await harness.request(reconciler.updateInstance, { ...one, fields })).toMatchObject({ warnings });
    expect(await harness.request(reconciler.restartInstance, one)).toMatchObject({ warnings });
    expect(await remove(one, overrideId)).toMatchObject({ warnings });
    await harness.agent.connect({ capabilities: [bundlesCapability, plansCapability] });
    harness.agent.onDiff = () => ({ objects: [] });
    const tried = await harness.request(reconciler.createOverride, { ...one, file: contentOf(grace(90)) });
    expect(tried).not.toHaveProperty('warnings');
    await ended(tried);
  });

  it.each([
    ['app', 'spec: {replicas: 3}'],
    ['postgresql', 'spec: {instances: 3}'],
  ])('decide how many replicas the status desires: %s', async (type, text) => {
    const one = type === 'app' ? await createApp() : await harness.create(type);
    const desired = async () => (await harness.request(reconciler.showInstanceStatus, one)).replicas.desired;
    expect(await desired()).toBe(1);
    const id = await add(one, contentOf(text));
    expect(await desired()).toBe(3);
    await ended(await update(one, id, contentOf(text, { enabled: false })));
    expect(await desired()).toBe(1);
  });

  it('decide whether an app has a disruption budget, which they can change too', async () => {
    const one = await createApp();
    const hasBudget = () => objectOf(one, 'PodDisruptionBudget') !== undefined;
    const scaled = await add(one, contentOf('spec: {replicas: 3}'));
    expect(hasBudget()).toBe(true);
    await add(one, contentOf('kind: PodDisruptionBudget\nspec: {maxUnavailable: 2}\n', { name: 'budget' }));
    expect(mapAt(objectOf(one, 'PodDisruptionBudget'), 'spec')).toMatchObject({ maxUnavailable: 2 });
    const untargeted = invalid('the instance has no PodDisruptionBudget');
    await expect(remove(one, scaled)).rejects.toMatchObject(untargeted);
    await expect(update(one, scaled, contentOf('spec: {replicas: 1}'))).rejects.toMatchObject(untargeted);
    await ended(await harness.request(reconciler.updateInstance, { ...one, fields: { replicas: 2 } }));
    await ended(await remove(one, scaled));
    expect(hasBudget()).toBe(true);
    const [budget] = await list(one);
    await ended(await remove(one, budget?.id ?? ''));
    await add(one, contentOf('spec: {replicas: 1}'));
    expect([hasBudget(), mapAt(objectOf(one, 'Deployment'), 'spec')['replicas']]).toEqual([false, 1]);
    await expect(
      harness.request(reconciler.createOverride, { ...one, file: contentOf('spec: {replicas: 50}') }),
    ).rejects.toMatchObject(invalid('spec.replicas is 50'));
  });

  it('are refused where an operator would not look at them any more', async () => {
    const one = await harness.create('postgresql');
    const file = contentOf('spec: {bootstrap: {initdb: {database: other}}}');
    await expect(harness.request(reconciler.createOverride, { ...one, file })).rejects.toMatchObject(
      invalid(`Override "tuned" (Cluster ${one.osid}): spec.bootstrap cannot be changed any more: CloudNativePG`),
    );
    expect(await list(one)).toEqual([]);
  });

  it('are applied in the order of their creation, which an update keeps', async () => {
    const one = await createApp();
    const first = await add(one, contentOf(grace(10), { name: 'same' }));
    const second = await add(one, contentOf(grace(20), { name: 'same' }));
    expect(podOf(one)).toMatchObject({ terminationGracePeriodSeconds: 20 });
    await ended(await update(one, first, contentOf(grace(30), { name: 'first' })));
    expect(podOf(one)).toMatchObject({ terminationGracePeriodSeconds: 20 });
    expect((await list(one)).map(({ id, name }) => [id, name])).toEqual([
      [first, 'first'],
      [second, 'same'],
    ]);
  });

  it('are renamed by a revision of the same objects, whose job completes without a change of the cluster', async () => {
    const one = await createApp();
    const id = await add(one, contentOf(grace(90)));
    const { digest } = harness.agent.bundleOf(one.osid);
    const renamed = contentOf(grace(90), { name: 'renamed' });
    expect(await ended(await update(one, id, renamed))).toMatchObject({ status: 'completed' });
    expect(harness.agent.bundleOf(one.osid).digest).toBe(digest);
    expect(await list(one)).toEqual([{ id, ...renamed }]);
    await ended(await harness.request(reconciler.rollBackInstance, { ...one, revision: 2 }));
    expect((await list(one)).map(({ name }) => name)).toEqual(['tuned']);
    expect(harness.agent.bundleOf(one.osid).digest).toBe(digest);
  });

  it('are returned byte for byte', async () => {
    const one = await createApp();
    const bytes = Uint8Array.from([0xef, 0xbb, 0xbf, ...Buffer.from('# é 🦊\r\nspec: {}\r\n\t\r\n')]);
    await add(one, contentOf(bytes, { name: 'ünïcode 🦊' }));
    const [file] = await list(one);
    expect(Buffer.from(file?.data ?? '', 'base64')).toEqual(Buffer.from(bytes));
  });

  it('are refused at the write, which changes nothing', async () => {
    const one = await createApp();
    const { digest } = harness.agent.bundleOf(one.osid);
    const refusedWrites: [string | Uint8Array, string][] = [
      ['a: [', 'is no YAML'],
      ['kind: Ingress', 'the instance has no Ingress'],
      ['metadata: {name: other}', 'metadata.name: cannot be changed'],
      ['spec: {template: {spec: {hostNetwork: true}}}', 'spec.template.spec.hostNetwork must not be set'],
      ['kind: Service\nspec: {type: NodePort}', 'must have the type ClusterIP'],
      [`#${'x'.repeat(65_536)}`, 'has 65537 bytes; at most 65536 are allowed'],
    ];
    for (const [text, message] of refusedWrites) {
      await expect(harness.request(reconciler.createOverride, { ...one, file: contentOf(text) })).rejects.toMatchObject(
        invalid(message),
      );
    }
    expect(await list(one)).toEqual([]);
    expect(harness.agent.bundleOf(one.osid).digest).toBe(digest);
  });

  it('refuse a later update in which they have no target', async () => {
    const one = await harness.create('app', { image, servicePortMappings: [{ port: 8080 }], replicas: 2 });
    await add(one, contentOf('kind: PodDisruptionBudget\nmetadata: {labels: {team: a}}\n', { name: 'budget' }));
    await expect(harness.request(reconciler.updateInstance, { ...one, fields: { replicas: 1 } })).rejects.toMatchObject(
      invalid('Override "budget", document 1: the instance has no PodDisruptionBudget'),
    );
    await ended(await harness.request(reconciler.updateInstance, { ...one, fields: { replicas: 3 } }));
    expect(mapAt(objectOf(one, 'PodDisruptionBudget'), 'metadata', 'labels')).toMatchObject({ team: 'a' });
  });

  it.each(['app', 'valkey'])('are restored by a rollback, and compared by their digest: %s', async (type) => {
    const one = type === 'app' ? await createApp() : await harness.create(type);
    const kind = type === 'app' ? 'Deployment' : 'StatefulSet';
    const id = await add(one, contentOf(grace(90)));
    await ended(await remove(one, id));
    const { changes } = await harness.request(reconciler.diffInstanceRevision, { ...one, revision: 2, to: 3 });
    const md5 = expect.stringMatching(/^[0-9a-f]{32}$/);
    expect(changes).toEqual([{ field: `overrides.${id}`, before: { name: 'tuned', enabled: true, md5 }, after: null }]);
    await ended(await harness.request(reconciler.rollBackInstance, { ...one, revision: 2 }));
    expect(await list(one)).toEqual([{ id, ...contentOf(grace(90)) }]);
    expect(podOf(one, kind)).toMatchObject({ terminationGracePeriodSeconds: 90 });
    await ended(await harness.request(reconciler.rollBackInstance, { ...one, revision: 1 }));
    expect(await list(one)).toEqual([]);
  });

  it('are bounded in number, also disabled ones', async () => {
    const one = await harness.create('app', { image });
    const request = () =>
      harness.request(reconciler.createOverride, { ...one, file: contentOf('spec: {}', { enabled: false }) });
    for (let n = 0; n < 19; n += 1) await request();
    await ended(await request());
    await expect(request()).rejects.toMatchObject(
      invalid('The instance would have 21 overrides; at most 20 are allowed'),
    );
    expect(await list(one)).toHaveLength(20);
  });
});
