import { valueAt, withOneReplica } from '@runos/tool-e2e';
import type { Row } from '../row.js';
import { conditionIn, eventOf, jobOf, remove, seen, statusOnce } from '../steps.js';

const overridden: Row = {
  id: 'F4',
  input: 'an admission policy changes our replicas on the way in',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f4' });
    const { osid, path } = instance;
    const jobId = await withOneReplica(plane, instance, async () => {
      const { body } = await plane.api.patch(path, { replicas: 3 });
      const event = await eventOf(plane, instance, ({ type }) => type === 'Overridden');
      result.compare('event', event?.['message'], /changes spec\.replicas of StatefulSet .*: 3 was sent, 1 is stored/);
      const shown = await seen(
        () => plane.show(instance),
        (one) => conditionIn(one, 'Applied')?.['reason'] === 'Overridden',
      );
      result.compare('condition', conditionIn(shown, 'Applied')?.['reason'], 'Overridden');
      const isOverridden = (job: Readonly<Record<string, unknown>>) => job['reason'] === 'Overridden';
      const job = await seen(() => jobOf(plane, body['jobId']), isOverridden);
      result.compare('job', [job['status'], job['reason']], ['running', 'Overridden']);
      return body['jobId'];
    });
    result.compare('job without the policy', (await plane.api.ended(jobId, 360_000))['status'], 'completed');
    const live = await plane.kubectl.get('statefulset', osid, osid);
    result.compare('live replicas', valueAt(live, 'spec', 'replicas'), 3);
    result.compare('status', (await statusOnce(plane, instance, 'healthy'))['status'], 'healthy');
    await remove(plane, instance);
  },
};

export const policyRows: readonly Row[] = [overridden];
