import { beforeAll, describe, expect, it } from '@jest/globals';
import { connectToSharedPlane, type PlaneClient } from './plane-client.js';

const good = 'ghcr.io/acme/shop:1.4';
const missing = 'ghcr.io/acme/shop:does-not-exist';

describe('an app with a rollout that fails', () => {
  let planeClient: PlaneClient;
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
  });

  it('states the cause and the pods that serve, and goes back by itself', async () => {
    const { aid, cid } = planeClient.info;
    const apps = `/${aid}/${cid}/apps`;
    const created = await planeClient.api.post(apps, { image: good, autoRollback: true });
    await planeClient.waitForCompletion(created.body['jobId']);
    const path = `${apps}/${String(created.body['id'])}`;
    const osid = String(created.body['osid']);
    const uidsOf = () =>
      planeClient.kubectl.run(['get', 'pods', '-n', osid, '-o', 'jsonpath={.items[*].metadata.uid}']);
    const before = await uidsOf();

    const { body } = await planeClient.api.patch(`${path}?merge=true`, { image: missing });
    const failed = await planeClient.api.ended(body['jobId']);
    expect(failed).toMatchObject({ status: 'failed', reason: 'ImagePullBackOff' });
    const error = String(failed['error']);
    expect(error).toContain(`cannot pull ${missing} from registry ghcr.io: not found.`);
    expect(error).toContain('The pods of revision 1 still serve: 1 of 1 are ready.');
    const [, rollback] = /Job ([0-9a-f-]{36}) goes back to revision 1\./.exec(error) ?? [];
    expect(await planeClient.waitForCompletion(rollback)).toMatchObject({
      type: 'app.update',
      rollsBack: body['jobId'],
    });
    const app = { path, osid, jobId: String(created.body['jobId']) };
    await planeClient.showOnce(app, { status: 'healthy', image: good, autoRollback: true });
    await planeClient.event(app, ({ type }) => type === 'RolledBack');
    expect(await uidsOf()).toContain(before);
  }, 240_000);
});
