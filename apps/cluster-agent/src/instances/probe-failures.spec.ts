import { beforeEach, expect, it } from '@jest/globals';
import { builtInCatalog } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import { ProbeFailures } from './probe-failures.js';

const pod = (status: object): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'app-x7k2p-1', namespace: 'app-x7k2p', uid: 'u1' },
    status: { phase: 'Running', ...status },
  }) as KubeObject;
const conditions = (ready: string) => [
  { type: 'Initialized', status: 'True' },
  { type: 'Ready', status: ready, message: 'containers with unready status: [app]' },
];
const unready = pod({ conditions: conditions('False') });
const restarting = (startedAt: string, finishedAt: string) => {
  const lastState = { terminated: { exitCode: 137, startedAt, finishedAt } };
  const state = { waiting: { reason: 'CrashLoopBackOff' } };
  return pod({ containerStatuses: [{ name: 'app', state, lastState }] });
};
const event = (message: string, lastTimestamp = '2026-11-30T10:01:00Z') =>
  ({ apiVersion: 'v1', kind: 'Event', metadata: { name: 'e' }, message, lastTimestamp }) as KubeObject;

let failures: ProbeFailures;
beforeEach(() => void (failures = new ProbeFailures()));
const redact = (text: string) => text.replaceAll('tea-pot-1', '[redacted]');
const record = (object: KubeObject) => failures.record('u1', object, redact);
const explain = (object: KubeObject) => failures.explain(object, builtInCatalog.healthOf(object));

it('an unready pod has the output of its readiness or startup probe, without secret values', () => {
  expect(record(event('Startup probe failed: dial tcp 10.0.0.1:80: connection refused'))).toBeUndefined();
  expect(explain(unready).message).toContain(
    'is not ready: Startup probe failed: dial tcp 10.0.0.1:80: connection ref',
  );
  const recorded = record(event('Readiness probe failed: tea-pot-1 is wrong'));
  expect(recorded?.health.message).toContain('Readiness probe failed: [redacted] is wrong.');
  expect(explain(unready).message).toBe(recorded?.health.message);
  expect(record(event('Readiness probe failed: tea-pot-1 is wrong'))).toBeUndefined();
  expect(record(event('Liveness probe failed: timeout'))).toBeUndefined();
});

it('a restarted pod has the output of its liveness probe, if that failed before the end of the last run', () => {
  record(event('Liveness probe failed: HTTP probe failed with statuscode: 500'));
  expect(explain(restarting('2026-11-30T10:00:00Z', '2026-11-30T10:01:30Z'))).toMatchObject({
    state: 'failed',
    reason: 'LivenessProbeFailed',
    message: expect.stringContaining('Liveness probe failed: HTTP probe failed with statuscode: 500.'),
  });
  for (const run of [
    ['2026-11-30T10:02:00Z', '2026-11-30T10:02:30Z'],
    ['2026-11-30T10:00:00Z', '2026-11-30T11:00:00Z'],
  ] as const) {
    expect(explain(restarting(run[0], run[1])).reason).toBe('CrashLoopBackOff');
  }
});

it('a program that ends by itself is not restarted by the probe that fails at its end', () => {
  record(event('Startup probe failed: connection refused'));
  const containers = [{ name: 'app', startupProbe: { periodSeconds: 2, failureThreshold: 46 } }];
  const withProbe = (end: string) => ({ ...restarting('2026-11-30T10:00:00Z', end), spec: { containers } });
  expect(explain(withProbe('2026-11-30T10:01:00Z')).reason).toBe('CrashLoopBackOff');
  expect(explain(withProbe('2026-11-30T10:01:29Z')).reason).toBe('StartupProbeFailed');
});

it('a crash is explained by an event that arrives later, once', () => {
  explain(restarting('2026-11-30T10:00:00Z', '2026-11-30T10:01:30Z'));
  expect(record(event('Liveness probe failed: timeout after 3s'))?.health.reason).toBe('LivenessProbeFailed');
  expect(record(event('Readiness probe failed: timeout'))).toBeUndefined();
  expect(record(event('Liveness probe failed: timeout after 5s', '2026-11-30T10:01:10Z'))).toBeUndefined();
});

it('a pod that was ready since has no output of a probe', () => {
  record(event('Startup probe failed: timeout'));
  expect(explain(pod({ conditions: conditions('True') })).state).toBe('ready');
  expect(explain(unready).message).not.toContain('probe');
});
