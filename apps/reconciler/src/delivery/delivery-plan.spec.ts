import { describe, expect, it } from '@jest/globals';
import type { WorkItem } from '@runos/api';
import { newWorkItems, reachStep } from '../jobs/work-items.js';
import type { ServiceSpec } from '../revisions/desired-spec.js';
import type { OpenJob } from '../schema/job-row.js';
import type { Claim } from '../work/work-repository.js';
import { deliveryResult, type InstructionOutcome, planDelivery } from './delivery-plan.js';
import { jobChangeAfterDelivery } from './delivery-results.js';

describe('a delivery', () => {
  const claim: Claim = {
    id: 1,
    clusterId: 1,
    revision: 2,
    deliveredRevision: 1,
    redeliveries: 0,
    requested: 1,
    fencingToken: 1,
    failures: 0,
  };

  const instance = {
    type: 'postgresql',
    spec: { kind: 'service', version: '17', rendererVersion: 1 } as ServiceSpec,
    revision: 2,
    deleting: false,
    has_queue: false,
    diverged: null,
    awaited: [],
    awaited_addons: [],
    observed_generation: 0,
  };

  it('delivers the claimed revision only', () => {
    const desired = { ...instance, observed_generation: 1 };
    expect(planDelivery(claim, desired).action).toBe('apply');
    expect(planDelivery(claim, { ...desired, deleting: true }).action).toBe('remove');
    expect(planDelivery(claim, { ...desired, revision: 3 }).action).toBe('requeue');
    expect(planDelivery({ ...claim, deliveredRevision: 2 }, desired).action).toBe('none');
    expect(planDelivery({ ...claim, deliveredRevision: 2 }, { ...desired, has_queue: true }).action).toBe(
      'start-queued',
    );
    expect(planDelivery(claim, undefined).action).toBe('none');
    const diverged = { revision: 5, generation: 5, digest: '' };
    expect(planDelivery(claim, { ...desired, diverged }).action).toBe('none');
  });

  it('is left to a newer build if this one lacks the renderer, its version or the type', () => {
    const later = { ...instance, spec: { ...instance.spec, rendererVersion: 9 } };
    const missing = 'renderer 9 of postgresql 17';
    expect(planDelivery(claim, later)).toMatchObject({ action: 'release', missing });
    expect(planDelivery(claim, { ...instance, spec: { ...instance.spec, version: '99' } }).action).toBe('release');
    expect(planDelivery(claim, { ...instance, type: 'unknown' }).action).toBe('release');
    expect(planDelivery(claim, { ...later, deleting: true }).action).toBe('remove');
    const result = deliveryResult({ outcome: 'unsupported', missing }, 'abc', 0);
    expect(result).toMatchObject({ delivered: false, reason: 'RendererMissing', problem: null });
    expect(result.requeueAfterMs).toBeLessThanOrEqual(200);
  });

  it('waits for required instances at creation, and at no later time', () => {
    const waiting = { ...instance, awaited: ['valkey-abcde'] };
    expect(planDelivery(claim, waiting)).toMatchObject({ action: 'wait', awaited: ['valkey-abcde'] });
    expect(planDelivery(claim, { ...waiting, observed_generation: 1 }).action).toBe('apply');
    expect(planDelivery(claim, { ...waiting, deleting: true }).action).toBe('remove');
    expect(deliveryResult({ outcome: 'waiting', awaited: ['valkey-abcde'] }, 'abc', 3)).toMatchObject({
      delivered: false,
      failures: 0,
      reason: 'RequirementNotReady',
      progress: 'waiting until valkey-abcde is ready',
    });
  });

  it('waits for add-ons of its type at creation, and names their problem', () => {
    const addon = { name: 'cloudnative-pg', problem: 'clusterroles is forbidden' };
    const waiting = { ...instance, awaited_addons: [addon] };
    expect(planDelivery(claim, waiting)).toMatchObject({ action: 'wait-for-addon', addon });
    expect(planDelivery(claim, { ...waiting, type: 'valkey', spec: { ...instance.spec, version: '8.1' } }).action).toBe(
      'apply',
    );
    expect(planDelivery(claim, { ...waiting, observed_generation: 1 }).action).toBe('apply');
    expect(deliveryResult({ outcome: 'waiting-for-addon', addon }, 'abc', 3)).toMatchObject({
      delivered: false,
      failures: 0,
      reason: 'AddonNotReady',
      progress: 'waiting until add-on cloudnative-pg is ready: clusterroles is forbidden',
    });
  });

  it('ends when the agent has stored it; otherwise it is retried with back-off', () => {
    const outcomes: InstructionOutcome[] = [
      { outcome: 'absent' },
      { outcome: 'unknown' },
      { outcome: 'refused', message: 'older' },
      { outcome: 'failed', message: 'down' },
    ];
    for (const outcome of outcomes) {
      const first = deliveryResult(outcome, 'abc', 0);
      const tenth = deliveryResult(outcome, 'abc', 9);
      expect(first).toMatchObject({ delivered: false, failures: 1, reason: expect.any(String) });
      expect(tenth.requeueAfterMs).toBeGreaterThan(first.requeueAfterMs ?? 0);
      expect(tenth.requeueAfterMs).toBeLessThanOrEqual(60_000);
      expect(first.pauseQueueMs === undefined).toBe(outcome.outcome !== 'absent');
    }
    expect(deliveryResult({ outcome: 'accepted', done: true }, 'abc', 7)).toMatchObject({
      delivered: true,
      failures: 0,
    });
  });
});

describe('the job of a delivery', () => {
  const workItems: WorkItem[] = newWorkItems({
    kind: 'apply',
    jobId: 'j',
    first: 'deliver',
    now: 't',
    mintId: () => 'w',
  });
  const job = (over: Partial<OpenJob> = {}): OpenJob => ({
    jobId: 'j',
    kind: 'apply',
    generation: 1,
    revision: 1,
    workItems,
    progress: null,
    currentStep: 'deliver',
    reason: null,
    loggedStates: {},
    paused: false,
    now: new Date(),
    ...over,
  });
  const result = (outcome: InstructionOutcome) => deliveryResult(outcome, 'abc', 0);

  it('continues with the next step', () => {
    expect(jobChangeAfterDelivery(job(), result({ outcome: 'accepted', done: true }))).toMatchObject({
      currentStep: 'apply',
      reason: null,
    });
  });

  it('keeps its step when a report overtook the reply', () => {
    const later = job({
      workItems: reachStep(workItems, 'wait-ready', 't'),
      currentStep: 'wait-ready',
      progress: 'p',
    });
    const change = jobChangeAfterDelivery(later, result({ outcome: 'accepted', done: true }));
    expect(change).toMatchObject({ currentStep: 'wait-ready', progress: 'p', logs: [{ level: 'info' }] });
    expect(change?.workItems).toBe(later.workItems);
  });

  it('logs a refusal once', () => {
    const first = jobChangeAfterDelivery(job(), result({ outcome: 'refused', message: 'disk full' }));
    expect(first?.logs).toHaveLength(1);
    const logged = job({ ...first, workItems: first?.workItems ?? [] });
    expect(jobChangeAfterDelivery(logged, result({ outcome: 'refused', message: 'disk full' }))).toBeUndefined();
  });
});
