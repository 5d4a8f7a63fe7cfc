import { describe, expect, it } from '@jest/globals';
import { bundlesCapability, logsCapability } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { type Harness, useHarness } from './harness.js';

const capabilities = [bundlesCapability, logsCapability];

describe('reading the logs of an instance', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));

  const authorize = ({ cid, type, id }: { cid: string; type: string; id: string }, pod?: string) =>
    harness.request(reconciler.authorizeLogs, { cid, type, id, ...(pod === undefined ? {} : { pod }) }).then(
      (answer) => answer,
      (error: unknown) => faultOf(error)?.toBody(),
    );
  const entries = () => harness.audit.entries.filter((entry) => entry.includes('.logs '));

  it('is allowed in the session of its agent, after an audit entry', async () => {
    await harness.agent.connect({ capabilities });
    const [service, app] = [await harness.create('valkey'), await harness.create('app', { image: 'ghcr.io/acme/a:1' })];
    const row = await harness.row<{ no: string }>('SELECT session_no::text AS no FROM cluster');
    const answer = { osid: service.osid, sessionNo: Number(row.no) };
    expect(await authorize(service, 'valkey-0')).toEqual(answer);
    expect(await authorize(app)).toEqual({ ...answer, osid: app.osid });
    expect(entries()).toEqual([`ada@example.com service.logs ${service.osid}`, `ada@example.com app.logs ${app.osid}`]);
  });

  it('is refused for an unknown instance, an older agent, and one that is away', async () => {
    const one = await harness.create('valkey');
    const before = entries().length;
    expect(await authorize({ ...one, id: 'zzzzz' })).toMatchObject({ code: 'service.not_found' });
    expect(await authorize({ ...one, type: 'app', id: 'zzzzz' })).toMatchObject({ code: 'app.not_found' });
    await harness.agent.connect({ capabilities: [bundlesCapability] });
    expect(await authorize(one)).toMatchObject({
      code: 'unavailable',
      message: 'The agent of cluster abc is too old to read logs. Upgrade it: it does not have the capability logs/1.',
    });
    await harness.agent.disconnect();
    expect(await authorize(one)).toMatchObject({
      code: 'unavailable',
      message: `The agent of cluster abc is disconnected, so the logs of ${one.osid} cannot be read now.`,
    });
    expect(entries()).toHaveLength(before);
  });
});
