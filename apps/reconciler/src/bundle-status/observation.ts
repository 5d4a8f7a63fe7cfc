import type { ServiceState } from '@runos/api';
import { type Condition, setCondition } from '@runos/kernel';
import { divergedReason } from '../divergence/foreign-bundle.js';
import { type BundleReport, findProblem, type InstanceProblem } from './bundle-report.js';
import { describeServing, type RolloutPods } from './serving-pods.js';

/** The desired state that a report is compared with. */
export interface Desired extends Pick<RolloutPods, 'revision' | 'readyRevision'> {
  readonly generation: number;
  /** The generation that the bundle was rendered for: a new name alone renders none. */
  readonly bundleGeneration: number;
  /** Later generations are queued, and no revision carries them yet. */
  readonly hasQueue: boolean;
  readonly digest: string;
  readonly deleting: boolean;
  /** The agent stores a bundle of another history, and the report is about that. */
  readonly diverged: boolean;
  readonly replicas: number;
}

/** The observed status of an instance. `state` is never `disconnected`: that status belongs to the cluster. */
export interface Observed {
  readonly state: Exclude<ServiceState, 'disconnected'>;
  readonly reason: string | null;
  readonly message: string | null;
  readonly conditions: readonly Condition[];
  readonly observedGeneration: number;
  readonly readyReplicas: number;
  readonly objects: BundleReport['objects'];
}

export interface Observation {
  readonly observed: Observed;
  /** The report is about the desired bundle, and not about an earlier one. */
  readonly current: boolean;
  /** An object is failed or degraded, and not only starting after a repair or a rescheduled pod. */
  readonly serious: boolean;
}

export const lastingStates: ReadonlySet<ServiceState> = new Set(['healthy', 'degraded', 'unhealthy']);

/** The observed status after a report. Pure, so a repeated report changes nothing. */
export function observe(desired: Desired, before: Observed, report: BundleReport, now: Date): Observation {
  if (desired.diverged) return observeForeign(desired, before, report, now);
  // Only a control plane of another history has sent a higher generation: this one does not count it as its own.
  if (report.generation > desired.bundleGeneration) return { observed: before, current: false, serious: false };
  const current = isCurrent(desired, report);
  const generation = current ? observedGeneration(desired, before) : report.generation;
  if (generation < before.observedGeneration) return { observed: before, current: false, serious: false };
  const state = current ? stateOf(desired, before, report) : before.state;
  const observed: Observed = {
    state,
    ...(current
      ? explain(state, findProblem(report), describeServing({ ...desired, replicas: report.replicas }))
      : { reason: before.reason, message: before.message }),
    conditions: conditionsOf(before, report, generation, now),
    observedGeneration: generation,
    readyReplicas: readyReplicas(desired, before, report, state),
    objects: report.objects,
  };
  return { observed, current, serious: isSerious(report.phase, observed) };
}

/** What runs is shown, and the generation and the divergence stay: no generation of this plane was observed. */
function observeForeign(desired: Desired, before: Observed, report: BundleReport, now: Date): Observation {
  const state = desired.deleting ? 'deleting' : report.phase === 'failed' ? 'unhealthy' : 'degraded';
  const { reason, message, observedGeneration, conditions: known } = before;
  const conditions = [
    ...conditionsOf(before, report, observedGeneration, now),
    ...known.filter(({ type }) => type === divergedReason),
  ].sort((a, b) => a.type.localeCompare(b.type));
  const readyReplicas = report.replicas?.ready ?? before.readyReplicas;
  const { objects } = report;
  const observed = { state, reason, message, conditions, observedGeneration, readyReplicas, objects } as const;
  return { observed, current: false, serious: false };
}

/** The generation that a current report is about: the newest one, or the one of its bundle while later ones are queued. */
const observedGeneration = (desired: Desired, before: Observed): number =>
  desired.hasQueue ? Math.max(desired.bundleGeneration, before.observedGeneration) : desired.generation;

/** The conditions of the report and the plane's own; conditions that the agent no longer reports are dropped. */
function conditionsOf(before: Observed, report: BundleReport, generation: number, now: Date): Condition[] {
  const reported = new Set(['Accepted', ...report.conditions.map(({ type }) => type)]);
  return report.conditions.reduce<Condition[]>(
    (all, { type, status, reason, message }) => setCondition(all, { type, status, reason, message }, generation, now),
    before.conditions.filter(({ type }) => reported.has(type)),
  );
}

const isSerious = (phase: BundleReport['phase'], { objects }: Observed): boolean =>
  phase === 'failed' || objects.some((object) => object.state === 'failed' || object.state === 'degraded');

function isCurrent(desired: Desired, report: BundleReport): boolean {
  if (report.generation !== desired.bundleGeneration) return false;
  return desired.deleting || report.digest === desired.digest;
}

function stateOf(desired: Desired, before: Observed, report: BundleReport): Observed['state'] {
  if (desired.deleting) return 'deleting';
  switch (report.phase) {
    case 'ready':
      return 'healthy';
    case 'degraded':
      return servesNone(report) ? 'unhealthy' : 'degraded';
    case 'failed':
      // A rollout that the cluster refuses leaves the pods of earlier revisions.
      return (report.replicas?.outdated ?? 0) > 0 ? 'degraded' : 'unhealthy';
    default: {
      // After it was ready at this generation, an unready phase is a loss and not a start.
      const wasReady =
        lastingStates.has(before.state) && before.observedGeneration === observedGeneration(desired, before);
      if (!wasReady) return 'applying';
      if (servesNone(report)) return 'unhealthy';
      return before.state === 'healthy' || report.replicas !== undefined ? 'degraded' : before.state;
    }
  }
}

const servesNone = ({ replicas }: BundleReport): boolean =>
  replicas !== undefined && replicas.ready === 0 && replicas.desired > 0;

const explain = (state: Observed['state'], problem: InstanceProblem | undefined, serving: string) =>
  state === 'healthy' || problem === undefined
    ? { reason: null, message: null }
    : { reason: problem.reason, message: `${problem.message} ${serving}`.trimEnd() };

function readyReplicas(desired: Desired, before: Observed, report: BundleReport, state: Observed['state']): number {
  if (desired.deleting) return 0; // what still runs is on its way out, also according to a late report
  if (report.replicas !== undefined) return report.replicas.ready;
  if (state === 'healthy') return desired.replicas;
  return state === 'degraded' ? Math.min(before.readyReplicas, Math.max(0, desired.replicas - 1)) : 0;
}
