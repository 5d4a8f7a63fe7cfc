import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PersistenceHarness, startHarness } from '../../test/harness.js';

let spec: PersistenceHarness;
beforeAll(async () => {
  spec = await startHarness();
});
afterAll(() => spec.stop());

describe('SqlListener', () => {
  it('hears notifications, and says after a loss that it may have missed some', async () => {
    const received: (string | undefined)[] = [];
    let notify: () => void = () => undefined;
    const next = () => new Promise<void>((resolve) => (notify = resolve));
    const connected = next();
    spec.listener('spec:l').listen('news', (payload) => {
      received.push(payload);
      notify();
    });
    await connected;
    const first = next();
    await spec.asOwner(`SELECT pg_notify('news', 'hello')`);
    await first;
    const back = next();
    await spec.asOwner(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spec:l:listen'`,
    );
    await back;
    const second = next();
    await spec.asOwner(`SELECT pg_notify('news', 'again')`);
    await second;
    expect(received).toEqual([undefined, 'hello', undefined, 'again']);
  });
});
