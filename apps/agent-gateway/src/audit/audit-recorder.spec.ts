import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Bus } from '@runos/messaging';
import { createLogger } from '@runos/observability';
import { AuditRecorder } from './audit-recorder.js';

type Entry = Parameters<Bus['request']>[1] & { detail: Record<string, string> };

const logger = createLogger({ service: 'spec', level: 'silent' });

/** A recorder with the entries that it has sent. */
function start() {
  const entries: { readonly tenant: string; readonly entry: Entry }[] = [];
  const request = (_: unknown, entry: Entry, { tenant }: { tenant: string }) =>
    Promise.resolve(entries.push({ tenant, entry }));
  const audit = new AuditRecorder({ request } as unknown as Bus, logger);
  return { audit, entries };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('repeated refusals', () => {
  const refuse = (audit: AuditRecorder, aid = 'abcde', thing = 'valkey-00001') =>
    audit.refusedRepeatedly(aid, 'agent.status', 'ky3', thing, 'not yours');

  it('become a limited number of entries; the next one contains the number of suppressed ones', async () => {
    const { audit, entries } = start();
    for (let n = 0; n < 60; n += 1) await refuse(audit);
    expect(entries).toHaveLength(10);
    jest.advanceTimersByTime(10_000);
    await refuse(audit);
    expect(entries).toHaveLength(11);
    expect(entries.at(-1)).toEqual({
      tenant: 'abcde',
      entry: {
        action: 'agent.status',
        subject: 'ky3/valkey-00001',
        outcome: 'refused',
        detail: { reason: 'not yours', repeatedBefore: '50' },
      },
    });
    jest.advanceTimersByTime(10_000);
    await refuse(audit);
    expect(entries.at(-1)?.entry.detail).toEqual({ reason: 'not yours' });
  });

  it('do not limit those of other accounts', async () => {
    const { audit, entries } = start();
    for (let n = 0; n < 60; n += 1) await refuse(audit);
    await refuse(audit, 'zzzz0');
    expect(entries.at(-1)?.tenant).toBe('zzzz0');
  });
});
