import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('a service that does not get ready', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  it('fails its job at the deadline with object, reason and remedy, and recovers by a valid update', async () => {
    const instance = await planeClient.create('postgresql', { name: 'ailing' });
    await planeClient.kubectl.run([
      'annotate',
      'clusters.postgresql.cnpg.io',
      instance.osid,
      '-n',
      instance.osid,
      'runos.dev/fail=true',
      '--overwrite',
    ]);
    const bad = await planeClient.api.patch(instance.path, { resourceRequirementClassId: 'postgresql.c0.small' });
    const failed = await planeClient.api.ended(bad.body['jobId']);
    expect(failed['status']).toBe('failed');
    expect(failed['reason']).toEqual(expect.stringMatching(/^[A-Z][A-Za-z]+$/));
    expect(failed['error']).toContain(instance.osid);
    await eventually('the instance to be shown as failing', async () =>
      ['unhealthy', 'degraded'].includes(String((await planeClient.show(instance))['status'])),
    );

    await planeClient.kubectl.run([
      'annotate',
      'clusters.postgresql.cnpg.io',
      instance.osid,
      '-n',
      instance.osid,
      'runos.dev/fail-',
    ]);
    const good = await planeClient.api.patch(instance.path, { resourceRequirementClassId: 'postgresql.c0.medium' });
    await planeClient.waitForCompletion(good.body['jobId']);
    await planeClient.showOnce(instance, { status: 'healthy' });
    const live = await planeClient.kubectl.get('clusters.postgresql.cnpg.io', instance.osid, instance.osid);
    expect(valueAt(live, 'spec', 'resources', 'limits', 'memory')).toBe('8Gi');
  }, 240_000);
});
