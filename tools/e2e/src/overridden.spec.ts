import { beforeAll, describe, expect, it } from '@jest/globals';
import { withOneReplica } from './admission.js';
import { valueAt } from './value-at.js';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('an admission policy that changes what is applied', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  it('keeps the job open with field, desired and stored value, until the policy is gone', async () => {
    const instance = await planeClient.create('valkey', { name: 'overridden' });
    const { osid, path } = instance;
    const jobId = await withOneReplica(planeClient, instance, async () => {
      const { body } = await planeClient.api.patch(path, { replicas: 3 });
      const message = `The cluster changes spec.replicas of StatefulSet ${osid}: 3 was sent, 1 is stored.`;
      const event = await planeClient.event(instance, ({ type }) => type === 'Overridden');
      expect(event['message']).toContain(message);
      const shown = await planeClient.showOnce(instance, { status: 'applying', reason: 'Overridden' });
      expect(shown).toMatchObject({ message: expect.stringContaining(message) });
      expect(shown['conditions']).toContainEqual(
        expect.objectContaining({ type: 'Applied', status: 'False', reason: 'Overridden' }),
      );
      await planeClient.api.jobOnce(body['jobId'], { status: 'running', reason: 'Overridden' });
      return body['jobId'];
    });
    await planeClient.waitForCompletion(jobId);
    const live = await planeClient.kubectl.get('statefulset', osid, osid);
    expect(valueAt(live, 'spec', 'replicas')).toBe(3);
    await planeClient.api.once(`${path}/status`, { replicas: { desired: 3, ready: 3 } });
  }, 240_000);
});
