import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Bus } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { Audit } from './audit.js';

type Entry = Parameters<Bus['request']>[1] & { detail: Record<string, string> };

const logger = createLogger({ service: 'spec', level: 'silent' });

/** An audit log that keeps what it is told, and its clock, which the spec sets. */
function log() {
  const entries: { readonly tenant: string; readonly entry: Entry }[] = [];
  const ask = (_: unknown, entry: Entry, { tenant }: { tenant: string }) =>
    Promise.resolve(entries.push({ tenant, entry }));
  let now = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  const audit = new Audit({ ask } as unknown as Bus, logger);
  return { audit, entries, later: (ms: number) => void (now += ms) };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('refusals that an agent repeats without end', () => {
  const refuse = (audit: Audit, aid = 'abcde', thing = 'valkey-00001') =>
    audit.refusedOften(aid, 'agent.status', 'ky3', thing, 'not yours');

  it('become some entries, and the next one says how many had none', async () => {
    const { audit, entries, later } = log();
    for (let n = 0; n < 60; n += 1) await refuse(audit);
    expect(entries).toHaveLength(10);
    later(10_000);
    await refuse(audit);
    expect(entries).toHaveLength(11);
    expect(entries.at(-1)).toEqual({
      tenant: 'abcde',
      entry: {
        ...{ action: 'agent.status', subject: 'ky3/valkey-00001', outcome: 'refused' },
        detail: { reason: 'not yours', repeatedBefore: '50' },
      },
    });
    later(10_000);
    await refuse(audit);
    expect(entries.at(-1)?.entry.detail).toEqual({ reason: 'not yours' });
  });

  it('leave room for those of other accounts', async () => {
    const { audit, entries } = log();
    for (let n = 0; n < 60; n += 1) await refuse(audit);
    await refuse(audit, 'zzzz0');
    expect(entries.at(-1)?.tenant).toBe('zzzz0');
  });
});
