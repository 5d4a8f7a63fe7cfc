import { describe, expect, it } from '@jest/globals';
import type { Condition } from '@runos/kernel';
import type { BundleReport } from './bundle-report.js';
import { conditionEvents, driftEvents } from './report-events.js';

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
      'An unknown field manager changed data.a of ConfigMap config (Kubernetes records none for a removal and for a scaling to 0); it was repaired.',
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
      'a failed repair with its cause',
      { action: 'failed', manager: null, removed: true, cause: 'policy denies it. Do this.' },
      'RepairFailed',
      'An unknown field manager removed data.a of ConfigMap config; the repair failed: policy denies it. Do this.',
    ],
    [
      'fields that were removed',
      { manager: null, removed: true },
      'DriftRepaired',
      'An unknown field manager removed data.a of ConfigMap config; it was repaired.',
    ],
    [
      'ownership that was taken back',
      { action: 'reclaimed', manager: 'velero-server', fields: ['spec.replicas', 'spec.template'] },
      'OwnershipReclaimed',
      'velero-server owned spec.replicas, spec.template of ConfigMap config too, with the same values; only RunOS owns them now.',
    ],
    [
      'ownership that the policy leaves',
      { action: 'shared', manager: 'velero-server' },
      'OwnershipShared',
      'velero-server owns data.a of ConfigMap config too, with the same values; the drift policy leaves that.',
    ],
    [
      'an addition that stays',
      { action: 'added', fields: ['metadata.labels.team'] },
      'FieldsAdded',
      'kubectl added metadata.labels.team to ConfigMap config: for information, RunOS leaves that.',
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

  it('with long details is bounded, and states how much was left out', () => {
    const fields = Array.from({ length: 95 }, (_, n) => `${n}${'x'.repeat(1_000)}`);
    const event = eventOf({ fields, manager: 'm'.repeat(256), action: 'reported' });
    expect(event?.fields).toHaveLength(11);
    expect(event?.fields.at(-1)).toBe('and 85 more');
    expect(event?.message).toContain('and 90 more');
    expect(JSON.stringify(event).length).toBeLessThan(3_000);
  });
});

describe('the event of a condition', () => {
  const at = '2030-01-01T10:00:00.000Z';
  const condition = (type: string, reason: string, message: string): Condition => ({
    type,
    status: 'False',
    reason,
    message,
    observedGeneration: 1,
    since: at,
  });

  it.each([
    ['of an object that is no longer desired', 'Applied', 'DeletionRefused'],
    ['of a removal', 'Removed', 'DeletionRefused'],
    ['of a removal that lacks a right', 'Removed', 'Forbidden'],
  ])('about a refused deletion %s begins once, although its message grows', (_, type, reason) => {
    const first = condition(type, reason, 'Cannot delete Service a: denied.');
    expect(conditionEvents([], [first], at)).toMatchObject([{ type: 'DeletionRefused', message: first.message }]);
    expect(conditionEvents([first], [{ ...first, message: `${first.message} More.` }], at)).toEqual([]);
    expect(conditionEvents([condition(type, 'Deleting', '')], [first], at)).toHaveLength(1);
  });

  it('about a change that the agent refuses to keep data is not that about the data', () => {
    const refused = condition('Applied', 'DataAtRisk', 'StatefulSet a is not changed.');
    expect(conditionEvents([], [refused], at)).toMatchObject([{ type: 'ChangeRefused', message: refused.message }]);
    expect(conditionEvents([refused], [refused], at)).toEqual([]);
  });

  it('is none for other reasons', () => {
    expect(
      conditionEvents([], [condition('Ready', 'DeletionRefused', 'x'), condition('Removed', 'Deleting', '')], at),
    ).toEqual([]);
  });
});
