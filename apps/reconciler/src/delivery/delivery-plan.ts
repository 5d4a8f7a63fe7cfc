import type { StoredBundle } from '@runos/agent-protocol';
import { exponentialBackoff } from '@runos/engine';
import { requirementNotReady, waitingForInstances } from '../instances/awaited-instances.js';
import { addonNotReady, awaitedAddon, waitingForAddon } from '../addons/awaited-addon.js';
import { agentAbsent, waitingForAgent } from '../jobs/paused-deadline-repository.js';
import { missingRenderer, rendererMissing, waitingForRenderer } from '../rendering/missing-renderer.js';
import type { AwaitedAddon, InstanceRow } from '../schema/instance-row.js';
import type { Claim } from '../work/work-repository.js';

export type DeliveryPlan =
  | { readonly action: 'none'; readonly reason: string }
  | { readonly action: 'requeue'; readonly reason: string }
  | { readonly action: 'start-queued'; readonly reason: string }
  | { readonly action: 'wait'; readonly reason: string; readonly awaited: readonly string[] }
  | { readonly action: 'wait-for-addon'; readonly reason: string; readonly addon: AwaitedAddon }
  | { readonly action: 'release'; readonly reason: string; readonly missing: string }
  | { readonly action: 'apply' | 'remove'; readonly reason: string };

/** Only the claimed revision may be delivered, because only it is recorded as sent. */
export function planDelivery(
  claim: Claim,
  desired:
    | Pick<
        InstanceRow,
        | 'type'
        | 'spec'
        | 'revision'
        | 'deleting'
        | 'has_queue'
        | 'diverged'
        | 'awaited'
        | 'awaited_addons'
        | 'observed_generation'
      >
    | undefined,
): DeliveryPlan {
  if (desired === undefined) return { action: 'none', reason: 'the instance is deleted' };
  if (desired.revision !== claim.revision) {
    return { action: 'requeue', reason: 'a newer revision was written since the claim' };
  }
  if (desired.diverged !== null) return { action: 'none', reason: 'the agent stores a bundle of another history' };
  if (claim.deliveredRevision >= desired.revision) {
    return desired.has_queue
      ? { action: 'start-queued', reason: 'a replica that lacks the renderer has left the next job' }
      : { action: 'none', reason: 'the agent has stored this revision' };
  }
  if (desired.deleting) return { action: 'remove', reason: `revision ${desired.revision} is a tombstone` };
  const missing = missingRenderer(desired.type, desired.spec);
  if (missing !== undefined) return { action: 'release', reason: 'only a newer build has the renderer', missing };
  // Creation in dependency order; a later revision is not held back by an add-on or a required instance that fails.
  if (desired.observed_generation === 0) {
    const addon = awaitedAddon(desired);
    if (addon) return { action: 'wait-for-addon', reason: 'an add-on is not ready', addon };
    if (desired.awaited.length > 0) {
      return { action: 'wait', reason: 'a required instance is not ready', awaited: desired.awaited };
    }
  }
  return { action: 'apply', reason: `the agent has stored revision ${claim.deliveredRevision} of ${desired.revision}` };
}

/** The outcome of an instruction to an agent. `failed`: the request to the agent gateway failed. */
export type InstructionOutcome =
  /**
   * `done: false`: objects are still being deleted, so the instruction has to be repeated. `remark`: what the agent has
   * kept, or what is still being deleted.
   */
  | { readonly outcome: 'accepted'; readonly done: boolean; readonly remark?: string | undefined }
  /** `stored`: what the agent has instead, if it refuses a revision because of that. */
  | { readonly outcome: 'refused'; readonly message: string; readonly stored?: StoredBundle | undefined }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'waiting'; readonly awaited: readonly string[] }
  | { readonly outcome: 'waiting-for-addon'; readonly addon: AwaitedAddon }
  /** A replica of a newer build has to deliver it. */
  | { readonly outcome: 'unsupported'; readonly missing: string }
  /** The agent lacks a right that its administrator gives. */
  | { readonly outcome: 'not-permitted'; readonly message: string }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'failed'; readonly message: string };

/** The consequence of an outcome for the work and for its job. */
export interface DeliveryResult {
  readonly delivered: boolean;
  readonly failures: number;
  /** The delay of the next attempt; an agent that connects makes it immediate. */
  readonly requeueAfterMs?: number;
  /** The whole cluster queue is paused for this time. */
  readonly pauseQueueMs?: number;
  /** The reason and the progress of the job while it waits. */
  readonly reason: string | null;
  readonly progress: string | null;
  /** A line for the log of the job; equal lines are logged once. */
  readonly problem: string | null;
  /** The add-on is installed before the bundle is delivered. */
  readonly waitsForAddon?: boolean;
}

const requirementDelayMs = 30_000;
/** How soon an agent that received the right is used, after it has connected again. */
const permissionDelayMs = 10_000;
/** Short at first, because the replica of the newer build runs already. */
const unsupportedBackoff = exponentialBackoff({ firstMs: 200, maxMs: 5_000 });
const absentBackoff = exponentialBackoff({ firstMs: 1_000, maxMs: 30_000 });
const unansweredBackoff = exponentialBackoff({ firstMs: 200, maxMs: 15_000 });
const refusedBackoff = exponentialBackoff({ firstMs: 1_000, maxMs: 60_000 });

/** Every outcome except `accepted` is retried with back-off: repeating an instruction is idempotent. */
export function deliveryResult(outcome: InstructionOutcome, cid: string, failuresBefore: number): DeliveryResult {
  const failures = failuresBefore + 1;
  const retried = { delivered: false, failures, problem: null };
  /** The agent has not failed, so the delay does not grow. */
  const blocked = { delivered: false, failures: 0, problem: null };
  switch (outcome.outcome) {
    case 'accepted': {
      const problem = outcome.remark ?? null;
      return { delivered: true, failures: 0, reason: null, progress: 'delivered to the cluster', problem };
    }
    case 'absent': {
      // A connecting agent wakes this; the delay covers a lost wake-up.
      const ms = absentBackoff(failures);
      const progress = waitingForAgent(cid);
      return { ...retried, requeueAfterMs: ms, pauseQueueMs: ms, reason: agentAbsent, progress };
    }
    case 'waiting': {
      // A required instance that becomes ready wakes this; the delay covers a lost wake-up.
      const progress = waitingForInstances(outcome.awaited);
      return { ...blocked, requeueAfterMs: requirementDelayMs, reason: requirementNotReady, progress };
    }
    case 'waiting-for-addon': {
      // An add-on that gets ready wakes this; the delay covers a lost wake-up and shows a new problem.
      const progress = waitingForAddon(outcome.addon);
      return { ...blocked, requeueAfterMs: requirementDelayMs, reason: addonNotReady, progress, waitsForAddon: true };
    }
    case 'unsupported': {
      const progress = waitingForRenderer(outcome.missing);
      return { ...retried, requeueAfterMs: unsupportedBackoff(failures), reason: rendererMissing, progress };
    }
    case 'not-permitted': {
      const { message } = outcome;
      const reason = 'AgentNotPermitted';
      return { ...blocked, requeueAfterMs: permissionDelayMs, reason, progress: message, problem: message };
    }
    case 'unknown': {
      const progress = `the cluster agent of ${cid} has not answered yet; retrying`;
      return { ...retried, requeueAfterMs: unansweredBackoff(failures), reason: 'AgentNotResponding', progress };
    }
    case 'failed': {
      const progress = `the request to the cluster agent of ${cid} failed: ${outcome.message}`;
      return { ...retried, requeueAfterMs: unansweredBackoff(failures), reason: 'AgentGatewayUnavailable', progress };
    }
    case 'refused': {
      const problem = `The cluster agent of ${cid} refused it: ${outcome.message}`;
      const reason = 'AgentRefused';
      return { ...retried, requeueAfterMs: refusedBackoff(failures), reason, progress: problem, problem };
    }
  }
}
