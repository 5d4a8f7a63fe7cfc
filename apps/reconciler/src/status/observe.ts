import type { ServiceState } from '@runos/api';
import { type Condition, setCondition } from '@runos/kernel';
import type { Report } from './report.js';
import { type Trouble, troubleIn } from './trouble.js';

/** The desired side, as far as a report is judged by it. */
export interface Wanted {
  readonly generation: number;
  /** The generation the current bundle was made at: a change of name alone makes none. */
  readonly bundleGeneration: number;
  readonly digest: string;
  readonly deleting: boolean;
  readonly replicas: number;
}

/** What was seen of an instance so far. `state` is never `disconnected`: that is its cluster's. */
export interface Observed {
  readonly state: Exclude<ServiceState, 'disconnected'>;
  readonly reason: string | null;
  readonly message: string | null;
  readonly conditions: readonly Condition[];
  readonly observedGeneration: number;
  readonly readyReplicas: number;
  readonly objects: Report['objects'];
}

export interface Observation {
  readonly observed: Observed;
  /** Whether the report is about what is wanted now, and not about an earlier bundle. */
  readonly current: boolean;
  /** Set when the instance moved between the states it can stay in. */
  readonly moved: { readonly from: ServiceState; readonly to: ServiceState } | undefined;
}

const lasting: ReadonlySet<ServiceState> = new Set(['healthy', 'degraded', 'unhealthy']);

/** What is known after a report: pure, so that a repeated report changes nothing. */
export function observe(wanted: Wanted, before: Observed, report: Report, now: Date): Observation {
  const current = isCurrent(wanted, report);
  const generation = current ? wanted.generation : report.generation;
  if (generation < before.observedGeneration) return { observed: before, current: false, moved: undefined };
  const trouble = troubleIn(report);
  const state = current ? stateOf(wanted, before, report) : before.state;
  const observed: Observed = {
    state,
    ...(current ? explained(state, trouble) : { reason: before.reason, message: before.message }),
    conditions: conditionsOf(before, report, generation, now),
    observedGeneration: generation,
    readyReplicas: readyReplicas(wanted, before, report, state),
    objects: report.objects,
  };
  const moves = lasting.has(before.state) && lasting.has(state) && before.state !== state;
  const serious = isSerious(state === 'healthy' ? before : observed);
  return { observed, current, moved: moves && serious ? { from: before.state, to: state } : undefined };
}

/** What the agent says now, and the plane's own; what it no longer speaks of is not kept. */
function conditionsOf(before: Observed, report: Report, generation: number, now: Date): Condition[] {
  const spoken = new Set(['Accepted', ...report.conditions.map(({ type }) => type)]);
  return report.conditions.reduce<Condition[]>(
    (all, { type, status, reason, message }) => setCondition(all, { type, status, reason, message }, generation, now),
    before.conditions.filter(({ type }) => spoken.has(type)),
  );
}

/** Worth an event: some object is badly off, and not merely on its way after a repair or a move of a pod. */
const isSerious = ({ state, objects }: Observed): boolean =>
  state === 'unhealthy' || objects.some((object) => object.state === 'failed' || object.state === 'degraded');

function isCurrent(wanted: Wanted, report: Report): boolean {
  if (report.generation !== wanted.bundleGeneration) return false;
  return wanted.deleting || report.digest === wanted.digest;
}

function stateOf(wanted: Wanted, before: Observed, report: Report): Observed['state'] {
  if (wanted.deleting) return 'deleting';
  switch (report.phase) {
    case 'ready':
      return 'healthy';
    case 'degraded':
      return 'degraded';
    case 'failed':
      return 'unhealthy';
    default: {
      // Once it has been up at this generation, "applied but not ready" is a loss and no longer a beginning.
      const wasUp = lasting.has(before.state) && before.observedGeneration === wanted.generation;
      return wasUp ? (before.state === 'healthy' ? 'degraded' : before.state) : 'applying';
    }
  }
}

const explained = (state: Observed['state'], trouble: Trouble | undefined) =>
  state === 'healthy' || trouble === undefined
    ? { reason: null, message: null }
    : { reason: trouble.reason, message: trouble.message };

function readyReplicas(wanted: Wanted, before: Observed, report: Report, state: Observed['state']): number {
  if (report.replicas !== undefined) return report.replicas.ready;
  if (state === 'healthy') return wanted.replicas;
  return state === 'degraded' ? Math.min(before.readyReplicas, Math.max(0, wanted.replicas - 1)) : 0;
}
