import { describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { canonicalJson } from '@runos/kube-objects';
import { waitUntil } from '@runos/testing-process';
import { type Harness, type Instance, useHarness } from './harness.js';

const image = 'ghcr.io/acme/shop:1.4';
const maxBundleBytes = 20_000;

describe('an app that is refused with its new credentials', () => {
  let harness: Harness;
  useHarness((started) => (harness = started), { settings: { maxBundleBytes }, replicas: 2 });

  const jobOf = (answer: object): string => {
    if ('jobId' in answer) return String(answer.jobId);
    throw new Error(`no job: ${JSON.stringify(answer)}`);
  };
  const ended = async (answer: object) => (await harness.jobs.ended(jobOf(answer))).job;
  const update = async (one: Instance, fields: Record<string, unknown>) =>
    ended(await harness.request(reconciler.updateInstance, { ...one, fields }));
  const fill = async (one: Instance, length: number) =>
    ended(
      await harness.request(reconciler.changeEnvironment, {
        cid: one.cid,
        id: one.id,
        change: { envVars: { FILLER: 'x'.repeat(length) } },
      }),
    );
  const bytesOf = ({ osid }: Instance): number =>
    Buffer.byteLength(canonicalJson(harness.agent.bundleOf(osid).objects));
  const conditionOf = async ({ cid, id }: Instance) =>
    (await harness.request(reconciler.showApp, { cid, id })).conditions.find(
      ({ type }) => type === 'CredentialsApplied',
    );
  const eventsOf = async (one: Instance) =>
    (await harness.request(reconciler.listInstanceEvents, { ...one, limit: 50 })).events.filter(
      ({ type }) => type === 'CredentialsRefused',
    );
  const portOf = async ({ cid, id }: Instance) =>
    (await harness.request(reconciler.showSecretVariables, { cid, id })).body.envVars['API_PORT'];
  const rowsOf = ({ osid }: Instance) =>
    harness.sql<{ failures: number; waits: boolean }>(
      `SELECT r.failures, r.next_attempt_at > now() AS waits FROM credential_rollout r
         JOIN instance i ON i.id = r.instance_id WHERE i.osid = $1`,
      [osid],
    );
  const retry = () => harness.sql('UPDATE credential_rollout SET next_attempt_at = now()');

  it('states why, is retried with back-off, and gets them with the change that makes room', async () => {
    const api = await harness.create('app', { image, servicePortMappings: [{ port: 80 }] });
    const one = await harness.create('app', {
      image,
      requires: { api: { type: 'app', id: api.id, env: { port: 'API_PORT' } } },
    });
    await fill(one, 1);
    await fill(one, 1 + maxBundleBytes - bytesOf(one));
    expect(bytesOf(one)).toBe(maxBundleBytes);

    await update(api, { servicePortMappings: [{ port: 65_000 }] });
    await waitUntil(async () => (await conditionOf(one)) !== undefined, {
      because: () => 'the app does not have the condition',
    });
    const message = expect.stringMatching(
      /^The app keeps its earlier credentials .* was refused: The rendered bundle has 2\d{4} bytes; 20000 are allowed\. Correct the app\. /,
    );
    const condition = await conditionOf(one);
    expect(condition).toMatchObject({ status: 'False', reason: 'Refused', message });
    expect(await eventsOf(one)).toEqual([expect.objectContaining({ message })]);
    expect(await portOf(one)).toBe('80');
    expect(await rowsOf(one)).toEqual([{ failures: 1, waits: true }]);

    // A second attempt and a second change are one row, one event, and the same start of the condition.
    await update(api, { servicePortMappings: [{ port: 65_001 }] });
    await retry();
    await waitUntil(async () => (await rowsOf(one)).every(({ failures, waits }) => failures >= 2 && waits), {
      because: () => 'the app is not retried',
    });
    expect(await rowsOf(one)).toHaveLength(1);
    expect(await conditionOf(one)).toEqual(condition);
    expect(await eventsOf(one)).toHaveLength(1);

    await fill(one, 1);
    await waitUntil(async () => (await conditionOf(one)) === undefined, { because: () => 'the condition stays' });
    expect(await portOf(one)).toBe('65001');
    expect(await rowsOf(one)).toEqual([]);
  });
});
