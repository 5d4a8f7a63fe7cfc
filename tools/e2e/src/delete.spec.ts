import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { planeSecrets } from './secrets/plane-secrets.js';
import { sharedData, sharedWorld, type World } from './world.js';

describe('deleting a service', () => {
  let world: World;
  beforeAll(async () => {
    world = await sharedWorld();
  });

  it('leaves no trace', async () => {
    const instance = await world.create('valkey', { name: 'short-lived' });
    const deleted = await world.api.delete(instance.path);
    expect(deleted.status).toBe(202);
    expect((await world.api.patch(instance.path, { cpuLimitMc: 600 })).body['code']).toBe('conflict.deleting');
    await world.completed(deleted.body['jobId'], 90_000);
    expect(await world.kubectl.get('namespace', instance.osid)).toBeUndefined();
    expect((await world.api.get(instance.path)).body['code']).toBe('service.not_found');
    const left = await world.kubectl.run(['get', 'secrets,pv', '-A', '-o', 'name']);
    expect(left).not.toContain(instance.osid);
    // Nobody asked for its credentials; they are sought all the same where the plane ends.
    const secrets = await planeSecrets(sharedData(), world.dev);
    expect(secrets.filter(({ name }) => name.endsWith(` of ${instance.osid}`))).not.toEqual([]);
  }, 120_000);

  it('says which object Kubernetes holds up, and what to do', async () => {
    const instance = await world.create('valkey', { name: 'held' });
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'anchor', namespace: instance.osid, finalizers: ['example.com/never'] },
    };
    await world.kubectl.apply([map], 'night-shift');
    const { body } = await world.api.delete(instance.path);
    const line = await eventually('the job to say what holds it up', 120_000, async () =>
      (await world.api.logs(body['jobId'])).find((text) => text.includes('example.com/never')),
    );
    expect(line).toMatch(/finalizer/i);
    expect((await world.api.get(`/jobs/${String(body['jobId'])}`)).body['status']).toBe('running');

    const free = { metadata: { finalizers: null } };
    await world.kubectl.patch('configmap', 'anchor', instance.osid, free, 'night-shift');
    await world.completed(body['jobId'], 90_000);
    expect(await world.kubectl.get('namespace', instance.osid)).toBeUndefined();
  }, 300_000);
});
