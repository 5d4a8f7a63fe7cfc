import { eventually, type Instance, type PlaneClient, valueAt } from '@runos/tool-e2e';
import type { Row, Stage } from '../row.js';
import { conditionIn, eventOf, jobOf, remove, seen, statusOnce } from '../steps.js';
import type { RowResult } from '../row-result.js';

const deletedClaim: Row = {
  id: 'F1',
  input: 'delete the claim of a running pod, then change its cpu',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f1' });
    const { osid, path } = instance;
    const uidOf = async () => valueAt(await plane.kubectl.get('pvc', `data-${osid}-0`, osid), 'metadata', 'uid');
    const uid = await uidOf();
    await plane.kubectl.run(['delete', 'pvc', `data-${osid}-0`, '-n', osid, '--wait=false']);
    const event = await eventOf(plane, instance, ({ type }) => type === 'DataAtRisk');
    result.compare('event', event?.['message'], /is being deleted.*Do not restart that pod; copy the data out/);
    const isAtRisk = (one: Readonly<Record<string, unknown>>) =>
      one['status'] === 'degraded' && conditionIn(one, 'DataAtRisk')?.['status'] === 'True';
    const shown = await seen(() => plane.show(instance), isAtRisk);
    result.compare('status', shown['status'], 'degraded');
    result.compare('condition', conditionIn(shown, 'DataAtRisk')?.['status'], 'True');
    const changed = await plane.api.patch(path, { cpuLimitMc: 700 });
    result.compare('PATCH', [changed.status, changed.body['code']], [409, 'conflict.data_loss']);
    result.compare('restart', (await plane.api.patch(`${path}/restart`)).status, 409);
    result.compare('the claim is still there', (await uidOf()) === uid, true);
    const { body } = await plane.api.patch(`${path}?force=true`, { cpuLimitMc: 700 });
    result.compare('job by force', (await plane.api.ended(body['jobId']))['status'], 'completed');
    result.compare('the claim is another one', (await uidOf()) === uid, false);
    await remove(plane, instance);
  },
};

const failedGrowth: Row = {
  id: 'F9',
  input: 'let storage grow that the storage driver does not grow, then go back',
  async run(stage, result) {
    const { plane } = stage;
    const instance = await plane.create('postgresql', { name: 'live-f9', storageMb: 1_024 });
    if (!stage.hasRealNodes) await claimIsBound(plane, instance);
    const { body } = await plane.api.patch(instance.path, { storageMb: 2_048 });
    if (!stage.hasRealNodes) await refuseGrowth(plane, instance);
    await compareRefusal(stage, instance, body['jobId'], result);
    const back = await seen(
      () => plane.api.patch(instance.path, { storageMb: 1_024 }),
      ({ status }) => status === 202,
    );
    result.compare('the way back', back.status, 202);
    result.compare('its job', (await plane.api.ended(back.body['jobId']))['status'], 'completed');
    result.compare('status after it', (await statusOnce(plane, instance, 'healthy'))['status'], 'healthy');
    const live = await plane.kubectl.get('clusters.postgresql.cnpg.io', instance.osid, instance.osid);
    result.compare('live size', valueAt(live, 'spec', 'storage', 'size'), '1Gi');
    await remove(plane, instance);
  },
};

async function compareRefusal({ plane, hasRealNodes }: Stage, instance: Instance, jobId: unknown, result: RowResult) {
  const reason = hasRealNodes ? 'ResizeRefused' : 'ControllerResizeError';
  const hasReason = (one: Readonly<Record<string, unknown>>) => one['reason'] === reason;
  const job = await seen(() => jobOf(plane, jobId), hasReason);
  result.compare('job', [job['status'], job['reason']], ['running', reason]);
  const shown = await seen(
    () => plane.show(instance),
    (one) => hasReason(one) && one['status'] === 'degraded',
  );
  result.compare('status', [shown['status'], shown['reason']], ['degraded', reason]);
  const right = /requests 1024Mi|requests 2048Mi/;
  result.compare('condition', conditionIn(shown, 'StorageResized')?.['message'], right);
  const event = await eventOf(plane, instance, ({ type }) => type === 'StorageResizeFailed');
  result.compare('event', event?.['message'], right);
}

const claimOf = ({ osid }: Instance): string => `${osid}-1`;

async function claimIsBound(plane: PlaneClient, instance: Instance): Promise<void> {
  await eventually('the claim to be bound', async () => {
    const live = await plane.kubectl.get('pvc', claimOf(instance), instance.osid);
    return valueAt(live, 'status', 'phase') === 'Bound';
  });
}

/** What a storage driver does. */
async function refuseGrowth(plane: PlaneClient, instance: Instance): Promise<void> {
  const { osid } = instance;
  const message = 'out of space on pool a';
  const condition = { type: 'ControllerResizeError', status: 'True', message };
  const status = JSON.stringify({ status: { conditions: [condition] } });
  const options = ['--subresource=status', '--type=merge', '-p', status];
  await plane.kubectl.run(['patch', 'pvc', claimOf(instance), '-n', osid, ...options]);
}

export const storageRows: readonly Row[] = [deletedClaim, failedGrowth];
