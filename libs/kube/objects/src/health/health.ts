import { type KubeObject, mapAt, mapsIn, numberOf, textOf } from '../kube-object.js';

/** progressing: becomes ready without help; degraded: serves with reduced capacity; failed: needs a person. */
export type HealthState = 'ready' | 'progressing' | 'degraded' | 'failed';

/** Health of one object. `reason` is stable CamelCase; `message` ends with the remedy and is empty when ready. */
export interface Health {
  readonly state: HealthState;
  readonly reason: string;
  readonly message: string;
}

export const ready = (reason = 'Ready'): Health => ({ state: 'ready', reason, message: '' });

export const progressing = (reason: string, message: string): Health => ({ state: 'progressing', reason, message });

export const degraded = (reason: string, message: string): Health => ({ state: 'degraded', reason, message });

export const failed = (reason: string, message: string): Health => ({ state: 'failed', reason, message });

const severity: Record<HealthState, number> = { ready: 0, progressing: 1, degraded: 2, failed: 3 };

/** Comparator that sorts the worst first. */
export const worstFirst = (a: Health, b: Health): number => severity[b.state] - severity[a.state];

/** Adds the full stop that messages of Kubernetes lack, so that a remedy can follow. */
export const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

/** An entry of status.conditions. */
export interface ObjectCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export function conditionsOf(object: KubeObject): ObjectCondition[] {
  return mapsIn(mapAt(object, 'status')['conditions']).map((condition) => ({
    type: textOf(condition['type']) ?? '',
    status: textOf(condition['status']) ?? 'Unknown',
    reason: textOf(condition['reason']) ?? '',
    message: textOf(condition['message']) ?? '',
    observedGeneration: numberOf(condition['observedGeneration']),
  }));
}

export const conditionOf = (object: KubeObject, type: string): ObjectCondition | undefined =>
  conditionsOf(object).find((condition) => condition.type === type);

/** True if status is older than the spec. Controllers without observedGeneration count as up to date. */
export function outdated(object: KubeObject, condition?: ObjectCondition): boolean {
  const observed = condition?.observedGeneration ?? numberOf(mapAt(object, 'status')['observedGeneration']);
  return observed !== undefined && observed < (object.metadata.generation ?? 0);
}
