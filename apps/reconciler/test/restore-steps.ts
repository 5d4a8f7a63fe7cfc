import { reconciler } from '@runos/contracts';
import { backUp } from './database-backup.js';
import type { Harness, Instance } from './harness.js';

/** Steps of the specs about a restored database. */
export const restoreSteps = (harness: () => Harness) => {
  const create = async (type = 'valkey'): Promise<Instance> => {
    const one = await harness().create(type);
    await harness().agent.idle();
    return one;
  };
  const change = async (one: Instance, cpuLimitMc: number): Promise<void> => {
    const updated = await harness().request(reconciler.updateInstance, { ...one, fields: { cpuLimitMc } });
    await harness().jobs.ended((updated as { jobId: string }).jobId);
    await harness().agent.idle();
  };
  return {
    create,
    change,
    show: (one: Instance) => harness().request(reconciler.showInstance, one),
    bundle: ({ osid }: Instance) => harness().agent.bundleOf(osid),
    /** The ended job of a decision. */
    accept: async (one: Instance, desired: 'plane' | 'cluster') => {
      const accepted = await harness().request(reconciler.acceptInstance, { ...one, desired });
      const { job } = await harness().jobs.ended((accepted as { jobId: string }).jobId);
      await harness().agent.idle();
      return job;
    },
    /** Resolves when a bundle of the instance is delivered and reported. */
    nextDelivery: ({ osid }: Instance): Promise<void> =>
      new Promise((resolve) => {
        const { agent } = harness();
        agent.onBundle = async (received) => {
          await agent.reportSuccess(received);
          if (received.osid === osid) resolve();
        };
      }),
    /** The work of an instance has a next attempt. */
    hasNextAttempt: async ({ osid }: Instance): Promise<boolean> => {
      const work =
        'SELECT next_attempt_at IS NOT NULL AS scheduled FROM work WHERE id = (SELECT id FROM instance WHERE osid = $1)';
      return (await harness().row<{ scheduled: boolean }>(work, [osid])).scheduled;
    },
    /** An instance at revision 1 of the backup, whose agent stores revision 3. The agent has connected and compared. */
    diverge: async (type?: string): Promise<Instance> => {
      const one = await create(type);
      const restore = await backUp(harness());
      await change(one, 600);
      await change(one, 700);
      await restore();
      await harness().agent.connect();
      await harness().agent.resyncAll();
      return one;
    },
  };
};
