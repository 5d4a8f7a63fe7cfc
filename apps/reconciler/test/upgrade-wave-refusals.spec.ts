import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, startHarness } from './harness.js';
import { waveSteps } from './wave-steps.js';

describe('an instance that an upgrade of its type cannot change', () => {
  let harness: Harness;
  const { made, added, create, newerBuild, remove, stall, plan, start, ended, running, instanceOf, finish, specOf } =
    waveSteps(() => harness, 'postgresql');
  beforeAll(async () => {
    harness = await startHarness({ settings: { maxBundleBytes: 20_000 } });
  });
  afterAll(() => harness.stop());
  afterEach(async () => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    for (const one of made.splice(0)) await remove(one);
    for (const takeAway of added.splice(0)) takeAway();
  });

  const setDirectly = (one: Instance, values: Record<string, string>) =>
    harness.sql(
      `UPDATE revision SET spec = jsonb_set(spec, '{config}', $2)
       WHERE instance_id = (SELECT id FROM instance WHERE osid = $1)`,
      [one.osid, JSON.stringify({ setId: null, version: null, values })],
    );
  /** Beside the other processes, at the limit of version 17 and above that of version 18. */
  const unfit = { max_connections: '262090' };
  const block = {
    reason: 'SettingsInvalid',
    message: expect.stringMatching(/^postgresql 18 would not start with 1 custom setting: .*together/),
  };
  const osidsOf = (listed: readonly { readonly osid: string }[]) => listed.map(({ osid }) => osid);

  it('for its settings is blocked in the plan, and skipped, while the others go on', async () => {
    const [first, bad, last] = (await create(3)) as [Instance, Instance, Instance];
    await setDirectly(bad, unfit);
    await setDirectly(last, { max_connections: '200' });
    const planned = await plan({ version: '18' });
    expect(planned).toMatchObject({ counts: { changing: 2, upToDate: 0, blocked: 1 } });
    expect(osidsOf(planned.instances)).toEqual([first.osid, last.osid]);
    expect(planned.blocked).toEqual([{ cid: bad.cid, osid: bad.osid, ...block }]);
    const done = await ended((await start({ version: '18' })).id);
    expect(done).toMatchObject({ state: 'completed', counts: { completed: 2, skipped: 1, failed: 0 } });
    expect(instanceOf(done, bad)).toMatchObject({ state: 'skipped', planned: { to: null }, ...block });
    expect(await specOf(bad)).toMatchObject({ version: '17' });
    const single = harness.request(reconciler.planInstanceUpgrade, { ...bad, version: '18' });
    await expect(single).rejects.toMatchObject({ code: 'configset.invalid' });
  });

  it('for its settings is not blocked when the version stays', async () => {
    const [one] = (await create(1)) as [Instance];
    await setDirectly(one, unfit);
    newerBuild();
    expect(await plan()).toMatchObject({ counts: { changing: 1, blocked: 0 }, instances: [{ osid: one.osid }] });
  });

  it('since the plan was accepted is skipped when its turn comes', async () => {
    const [first, unfitNow, last] = (await create(3)) as [Instance, Instance, Instance];
    stall();
    const { id } = await start({ version: '18' });
    const begun = await running(id, 1);
    await setDirectly(unfitNow, unfit);
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
    await finish(begun, first);
    const done = await ended(id);
    expect(done).toMatchObject({ state: 'completed', counts: { completed: 2, skipped: 1 } });
    expect(instanceOf(done, unfitNow)).toMatchObject({ state: 'skipped', ...block });
    expect(instanceOf(done, last)).toMatchObject({ state: 'completed' });
  });

  it('because its secrets cannot be decrypted is blocked in the plan, and skipped, while the others go on', async () => {
    const [lost, last] = (await create(2)) as [Instance, Instance];
    await harness.sql(`UPDATE instance SET secrets_sealed = 'gone' || secrets_sealed WHERE osid = $1`, [lost.osid]);
    newerBuild();
    const unreadable = { reason: 'SecretsUnreadable', message: expect.stringMatching(/^Its secrets .*keyring/) };
    const planned = await plan();
    expect(osidsOf(planned.instances)).toEqual([last.osid]);
    expect(planned.blocked).toEqual([{ cid: lost.cid, osid: lost.osid, ...unreadable }]);
    const done = await ended((await start()).id);
    expect(done).toMatchObject({ state: 'completed', counts: { completed: 1, skipped: 1 } });
    expect(instanceOf(done, lost)).toMatchObject({ state: 'skipped', ...unreadable });
  });

  it('because its objects would be too large is skipped, and the others go on', async () => {
    const [large, last] = (await create(2)) as [Instance, Instance];
    await setDirectly(large, { log_timezone: 'x'.repeat(20_000) });
    newerBuild();
    const done = await ended((await start()).id);
    expect(done).toMatchObject({ state: 'completed', counts: { completed: 1, skipped: 1 } });
    expect(instanceOf(done, large)).toMatchObject({ state: 'skipped', reason: 'Refused' });
    expect(instanceOf(done, last)).toMatchObject({ state: 'completed' });
  });
});
