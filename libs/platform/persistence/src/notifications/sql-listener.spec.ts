import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PersistenceHarness, startHarness } from '../../test/harness.js';

let spec: PersistenceHarness;
beforeAll(async () => {
  spec = await startHarness();
});
afterAll(() => spec.stop());

describe('SqlListener', () => {
  it('receives notifications and reports possibly missed ones after a connection loss', async () => {
    const received: (string | undefined)[] = [];
    let notify: () => void = () => undefined;
    const next = () => new Promise<void>((resolve) => (notify = resolve));
    const connected = next();
    spec.listener('spec:l').listen('changes', (payload) => {
      received.push(payload);
      notify();
    });
    await connected;
    const first = next();
    await spec.asOwner(`SELECT pg_notify('changes', 'first')`);
    await first;
    const reconnected = next();
    await spec.asOwner(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spec:l:listen'`,
    );
    await reconnected;
    const second = next();
    await spec.asOwner(`SELECT pg_notify('changes', 'second')`);
    await second;
    expect(received).toEqual([undefined, 'first', undefined, 'second']);
  });
});
