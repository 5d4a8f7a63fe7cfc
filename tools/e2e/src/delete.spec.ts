import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { planeSecrets } from './secrets/plane-secrets.js';
import { sharedData, connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('deleting a service', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  it('leaves no trace', async () => {
    const instance = await planeClient.create('valkey', { name: 'short-lived' });
    const deleted = await planeClient.api.delete(instance.path);
    expect(deleted.status).toBe(202);
    expect((await planeClient.api.patch(instance.path, { cpuLimitMc: 600 })).body['code']).toBe('conflict.deleting');
    await planeClient.waitForCompletion(deleted.body['jobId']);
    expect(await planeClient.kubectl.get('namespace', instance.osid)).toBeUndefined();
    expect((await planeClient.api.get(instance.path)).body['code']).toBe('service.not_found');
    const left = await planeClient.kubectl.run(['get', 'secrets,pv', '-A', '-o', 'name']);
    expect(left).not.toContain(instance.osid);
    // No client requested its credentials; the search at the end of the plane covers them too.
    const secrets = await planeSecrets(sharedData(), planeClient.info);
    expect(secrets.filter(({ name }) => name.endsWith(` of ${instance.osid}`))).not.toEqual([]);
  });

  it('reports which object Kubernetes does not delete, and what to do', async () => {
    const instance = await planeClient.create('valkey', { name: 'held' });
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'anchor', namespace: instance.osid, finalizers: ['example.com/never'] },
    };
    await planeClient.kubectl.apply([map], 'other-manager');
    const { body } = await planeClient.api.delete(instance.path);
    const line = await eventually(
      'the reason why the job is blocked',
      async () => (await planeClient.api.logs(body['jobId'])).find((text) => text.includes('example.com/never')),
      120_000,
    );
    expect(line).toMatch(/finalizer/i);
    await planeClient.api.jobOnce(body['jobId'], { status: 'running' });

    const free = { metadata: { finalizers: null } };
    await planeClient.kubectl.patch('configmap', 'anchor', instance.osid, free, 'other-manager');
    await planeClient.waitForCompletion(body['jobId']);
    expect(await planeClient.kubectl.get('namespace', instance.osid)).toBeUndefined();
  }, 300_000);
});
