import { describe, expect, it } from '@jest/globals';
import { tombstoneDigest } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { backUp } from './database-backup.js';
import { type Harness, type Instance, useHarness } from './harness.js';
import { restoreSteps } from './restore-steps.js';

const image = 'ghcr.io/acme/shop:1.4';
const newer = 'ghcr.io/acme/shop:1.5';

describe('an app after a restore of the database', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { jobDeadlineSeconds: 5 } });

  const { accept, bundle } = restoreSteps(() => harness);
  const create = (fields: object = {}) => harness.create('app', { image, ...fields });
  const show = ({ id }: Instance) => harness.request(reconciler.showApp, { cid: harness.cid, id });
  const update = (one: Instance, fields: Record<string, unknown>) =>
    harness.request(reconciler.updateInstance, { ...one, fields });
  const change = async (one: Instance, fields: Record<string, unknown>): Promise<void> => {
    await harness.jobs.ended(((await update(one, fields)) as { jobId: string }).jobId);
    await harness.agent.idle();
  };
  const reconnect = async () => {
    await harness.agent.connect();
    await harness.agent.resyncAll();
  };
  const diverge = async (): Promise<Instance> => {
    const one = await create();
    await harness.agent.idle();
    const restore = await backUp(harness);
    await change(one, { image: newer });
    await restore();
    await reconnect();
    expect(await show(one)).toMatchObject({ reason: 'Diverged', image });
    return one;
  };

  it('is refused with the path at which a person decides', async () => {
    const one = await diverge();
    const remedy = `decide by POST /aaaaa/${one.cid}/apps/${one.id}/accept: accept "plane"`;
    const refused = { code: 'conflict.diverged', message: expect.stringContaining(remedy) };
    await expect(update(one, { image: newer })).rejects.toMatchObject(refused);
    await expect(harness.request(reconciler.deleteInstance, one)).rejects.toMatchObject(refused);
    expect(await show(one)).toMatchObject({ message: refused.message });
  });

  it('has the spec of the plane after "plane", and can be changed', async () => {
    const one = await diverge();
    expect(await accept(one, 'plane')).toMatchObject({ type: 'app.update', status: 'completed' });
    expect(await show(one)).toMatchObject({ status: 'healthy', reason: null, image });
    await change(one, { image: newer });
    expect(await show(one)).toMatchObject({ status: 'healthy', image: newer });
  });

  it('has the spec of the cluster after "cluster", without a change of an object, and can be deleted', async () => {
    const one = await diverge();
    const { digest } = bundle(one);
    expect(await accept(one, 'cluster')).toMatchObject({ type: 'app.update', status: 'completed' });
    expect(bundle(one)).toMatchObject({ revision: 3, digest });
    expect(await show(one)).toMatchObject({ status: 'healthy', reason: null, image: newer });
    const { jobId } = await harness.request(reconciler.deleteInstance, one);
    expect((await harness.jobs.ended(jobId)).job).toMatchObject({ type: 'app.delete', status: 'completed' });
  });

  it('that others need is not deleted by a deletion of the cluster', async () => {
    const one = await create({ servicePortMappings: [{ port: 8080 }] });
    await create({ requires: { api: { id: one.id, type: 'app', env: { host: 'API' } } } });
    await harness.agent.idle();
    const deletion = { revision: 5, generation: 5, digest: tombstoneDigest, removed: true };
    harness.agent.stored.set(one.osid, { ...bundle(one), ...deletion });
    await reconnect();
    expect(await show(one)).toMatchObject({ message: expect.stringContaining('a deletion of') });
    await expect(harness.request(reconciler.acceptInstance, { ...one, desired: 'cluster' })).rejects.toMatchObject({
      code: 'app.in_use',
    });
  });
});
