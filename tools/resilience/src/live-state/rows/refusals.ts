import { controlPlane, DataFolder } from '@runos/tool-start';
import { kept, readPlaneInfo, valueAt, withoutDeletion } from '@runos/tool-e2e';
import type { Row, Stage } from '../row.js';
import { conditionIn, jobOf, remove, seen, statusOnce } from '../steps.js';

const refused = new RegExp(kept);

const refusedDeletion: Row = {
  id: 'F6',
  input: 'admission refuses the deletion of one object, and the deletion is cancelled',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f6' });
    await withoutDeletion(plane, instance, async () => {
      const jobId = await remove(plane, instance);
      const reason = async () => JSON.stringify([await jobOf(plane, jobId), await plane.api.logs(jobId)]);
      result.compare('job', await seen(reason, (text) => refused.test(text)), refused);
      const job = await seen(
        () => jobOf(plane, jobId),
        (one) => one['reason'] === 'DeletionRefused',
      );
      result.compare('reason of the job', [job['status'], job['reason']], ['running', 'DeletionRefused']);
      const shown = await seen(
        () => plane.show(instance),
        ({ message }) => refused.test(String(message)),
      );
      result.compare('status', shown['message'], refused);
      result.compare('condition', conditionIn(shown, 'Removed')?.['message'], refused);
      const replicas = async () =>
        (await plane.api.get(`${instance.path}/status`)).body['replicas'] as { ready: number };
      result.compare('ready replicas', await seen(replicas, ({ ready }) => ready === 0), { desired: 1, ready: 0 });
      const cancelled = await plane.api.post(`/jobs/${String(jobId)}/cancel`);
      result.compare('cancellation', cancelled.body['cancelled'], true);
      result.compare('status after it', (await statusOnce(plane, instance, 'healthy'))['status'], 'healthy');
    });
    result.compare('deletion', (await plane.api.ended(await remove(plane, instance)))['status'], 'completed');
  },
};

/** The agent starts again with its current rights. */
async function restartAgent({ plane, data }: Stage): Promise<void> {
  if (plane.info.pids['cluster-agent'] === undefined) {
    await plane.kubectl.run(['delete', 'pod', '-n', 'runos', '-l', 'app.kubernetes.io/name=cluster-agent']);
    return;
  }
  await controlPlane(new DataFolder(data), 'stop', 'cluster-agent');
  await controlPlane(new DataFolder(data), 'start', 'cluster-agent');
}

const missingRight: Row = {
  id: 'F7',
  isAlone: true,
  input: 'the role of the agent lacks the right to list a kind',
  async run(stage, result) {
    const { plane } = stage;
    const { aid, cid, ops } = plane.info;
    const name = 'runos-cluster-agent';
    const role = await plane.kubectl.get('clusterrole', name);
    const rules = valueAt(role, 'rules') as { resources?: string[]; verbs: string[] }[];
    const lacking = rules.map((rule) =>
      rule.resources?.includes('statefulsets')
        ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== 'list') }
        : rule,
    );
    const write = (value: object) =>
      plane.kubectl.run(['patch', 'clusterrole', name, '--type=merge', '-p', JSON.stringify({ rules: value })]);
    const instance = await plane.create('valkey', { name: 'live-f7' });
    let jobId: unknown;
    await write(lacking);
    try {
      await restartAgent(stage);
      const right = /list.*statefulsets|statefulsets.*list/i;
      const cluster = async () => (await plane.api.get(`/${aid}/clusters/${cid}`)).body['message'];
      result.compare('cluster', await seen(cluster, (text) => right.test(String(text))), right);
      if (ops['cluster-agent'] !== undefined) {
        // The restarted agent has another address.
        const ready = async () => {
          const current = await readPlaneInfo(stage.data);
          return (await fetch(`${current.ops['cluster-agent']}/readyz`)).text().catch(String);
        };
        result.compare('readyz', await seen(ready, (text) => right.test(text)), right);
      }
      // A deletion reads each object by its name. A change waits for pods, which the agent does not see.
      jobId = (await plane.api.patch(instance.path, { cpuLimitMc: 600 })).body['jobId'];
      const job = async () => JSON.stringify([await jobOf(plane, jobId), await plane.api.logs(jobId)]);
      result.compare('job', await seen(job, (text) => right.test(text)), right);
    } finally {
      await write(rules);
    }
    const connected = async () => (await plane.api.get(`/${aid}/clusters/${cid}`)).body;
    const healed = await seen(connected, ({ message }) => message === null, 60_000);
    result.compare('cluster with the right', [healed['status'], healed['message']], ['connected', null]);
    result.compare('job with the right', (await plane.api.ended(jobId))['status'], 'completed');
  },
};

const badValues: Row = {
  id: 'F8',
  input: 'a config set with which PostgreSQL does not start',
  async run({ plane }, result) {
    const values = { min_wal_size: '2MB', timezone: 'Mars/Olympus', max_connections: '3' };
    const set = { name: 'live-f8', type: 'postgresql', values };
    const { status, body } = await plane.api.post(`/${plane.info.aid}/config-sets`, set);
    result.compare('answer', [status, body['code']], [400, 'configset.invalid']);
    for (const name of Object.keys(values)) {
      result.compare(`issue of ${name}`, JSON.stringify(body['issues']), new RegExp(name));
    }
  },
};

export const refusalRows: readonly Row[] = [refusedDeletion, missingRight, badValues];
