import { beforeAll, describe, expect, it } from '@jest/globals';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

describe('a service with a rollout that fails', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  it('goes back by itself, but not where its data would be at risk', async () => {
    const instance = await planeClient.create('postgresql', { autoRollback: true });
    const annotate = (value: string) =>
      planeClient.kubectl.run([
        'annotate',
        'clusters.postgresql.cnpg.io',
        instance.osid,
        '-n',
        instance.osid,
        value,
        '--overwrite',
      ]);
    /** Patches the service while its operator fails. */
    const fail = async (fields: object): Promise<{ jobId: string; error: string }> => {
      await annotate('runos.dev/fail=true');
      const { body } = await planeClient.api.patch(instance.path, fields);
      const job = await planeClient.api.ended(body['jobId']);
      expect(job['status']).toBe('failed');
      await annotate('runos.dev/fail-');
      return { jobId: String(body['jobId']), error: String(job['error']) };
    };
    const before = await planeClient.show(instance);
    expect(before).toMatchObject({ autoRollback: true, resourceRequirementClassId: 'postgresql.c0.beff' });

    const { jobId, error } = await fail({ resourceRequirementClassId: 'postgresql.c0.small' });
    const [, rollback] = /Job ([0-9a-f-]{36}) goes back to revision 1\./.exec(error) ?? [];
    expect(await planeClient.waitForCompletion(rollback)).toMatchObject({ type: 'service.update', rollsBack: jobId });
    await planeClient.showOnce(instance, {
      status: 'healthy',
      resourceRequirementClassId: 'postgresql.c0.beff',
    });

    const storageMb = Number(before['storageMb']);
    const grown = await fail({ storageMb: storageMb + 1024 });
    expect(grown.error).toContain(
      `because its data may be lost: its storage changed from ${storageMb} to ${storageMb + 1024} MiB, and volumes never shrink.`,
    );
    expect(await planeClient.show(instance)).toMatchObject({ storageMb: storageMb + 1024, generation: 4 });
  }, 400_000);
});
