import { describe, expect, it } from '@jest/globals';
import { driftOf } from '../drift/drift-report.js';
import { DriftLog } from './drift-log.js';

const at = new Date('2030-01-01T10:00:00Z');
const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'valkey-abcde', name: 'config' };
const driftWith = (fields: number, characters: number, manager = 'kubectl') => {
  const paths = Array.from({ length: fields }, (_, n) => ['data', `${n}-`.padEnd(characters, 'x')]);
  return driftOf(ref, { manager, at: null, paths }, 'repaired', at);
};

describe('the drifts that are not acknowledged', () => {
  it('are the newest ones within the size that a Secret and a status can carry', () => {
    const log = new DriftLog();
    for (let n = 0; n < 50; n += 1) log.recordDrift(driftWith(100, 1_000, `manager-${n}`));
    expect(JSON.stringify(log.drifts).length).toBeLessThan(70_000);
    expect(log.drifts.length).toBeGreaterThan(2);
    expect(log.drifts.at(-1)?.manager).toBe('manager-49');
    expect(log.drifts.map(({ manager }) => manager)).toEqual(
      [...log.drifts].map((_, n, all) => `manager-${50 - all.length + n}`),
    );
  });

  it('include at least the newest one, with the fields that it can carry', () => {
    const log = new DriftLog({ drifts: [driftWith(100, 1_000)] });
    expect(log.drifts).toHaveLength(1);
    expect(log.drifts[0]?.fields.length).toBeGreaterThan(10);
    expect(JSON.stringify(log.drifts).length).toBeLessThan(20_000);
  });

  it('are at most fifty', () => {
    const log = new DriftLog();
    for (let n = 0; n < 60; n += 1) log.recordDrift(driftWith(1, 10, `manager-${n}`));
    expect(log.drifts.map(({ manager }) => manager)).toEqual(Array.from({ length: 50 }, (_, n) => `manager-${n + 10}`));
  });

  it('that an older build stored beyond the limits are cut when they are loaded', () => {
    const large = { ...driftWith(0, 0), fields: Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(1_000, 'x')) };
    const log = new DriftLog({ drifts: [...Array.from({ length: 49 }, () => large), driftWith(1, 10)] });
    expect(log.drifts).toHaveLength(1);
  });
});
