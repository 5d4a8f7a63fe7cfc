import { describe, expect, it } from '@jest/globals';
import type { BundleReport } from './bundle-report.js';
import { driftEvents } from './report-events.js';

type Drift = NonNullable<BundleReport['drift']>[number];

const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'valkey-abcde', name: 'config' };
const eventOf = (over: Partial<Drift>, type = 'valkey') => {
  const drift: Drift = {
    object,
    fields: ['data.a'],
    manager: 'kubectl',
    at: '2030-01-01T10:00:00Z',
    action: 'repaired',
    ...over,
  };
  const [event] = driftEvents(type, { drift: [drift] } as unknown as BundleReport);
  return event;
};

describe('the event of a drift', () => {
  it.each<[string, Partial<Drift>, string, string]>([
    ['a repaired field', {}, 'DriftRepaired', 'kubectl changed data.a of ConfigMap config; it was repaired.'],
    [
      'a field without a manager',
      { manager: null },
      'DriftRepaired',
      'An unknown field manager changed data.a of ConfigMap config; it was repaired.',
    ],
    [
      'a deletion',
      { action: 'recreated', fields: [], manager: null },
      'ObjectRecreated',
      'ConfigMap config was deleted and recreated.',
    ],
    [
      'a deletion that is only reported',
      { action: 'reported', fields: [], manager: null },
      'DriftReported',
      'ConfigMap config was deleted; the drift policy only reports it.',
    ],
    [
      'a field that is only reported',
      { action: 'reported' },
      'DriftReported',
      'kubectl changed data.a of ConfigMap config; the drift policy only reports it.',
    ],
    [
      'a failed repair',
      { action: 'failed' },
      'RepairFailed',
      'kubectl changed data.a of ConfigMap config; the repair failed.',
    ],
    [
      'a failed repair of unknown fields',
      { action: 'failed', fields: [], manager: null },
      'RepairFailed',
      'ConfigMap config was changed; the repair failed.',
    ],
    [
      'a conflict',
      { action: 'contested' },
      'DriftContested',
      'kubectl changed data.a of ConfigMap config repeatedly; repairs are delayed. Stop that manager, or set the drift policy to report.',
    ],
  ])('of %s has the type and the message of its action', (_, drift, type, message) => {
    expect(eventOf(drift)).toMatchObject({ type, message });
  });

  it('of a recreated object with data is a loss, by the rules of its type', () => {
    const cluster = { apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', name: 'a' };
    const recreated: Partial<Drift> = { object: cluster, action: 'recreated', fields: [], manager: null };
    expect(eventOf(recreated, 'postgresql')).toMatchObject({ type: 'DataLost' });
    expect(eventOf(recreated, 'valkey')).toMatchObject({ type: 'ObjectRecreated' });
  });

  it('of a type that only a newer build has follows the rules of built-in kinds', () => {
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: 'data-0' };
    const recreated: Partial<Drift> = { object: claim, action: 'recreated', fields: [], manager: null };
    expect(eventOf(recreated, 'beacon')).toMatchObject({ type: 'DataLost' });
    expect(eventOf({}, 'beacon')).toMatchObject({ type: 'DriftRepaired' });
  });
});
