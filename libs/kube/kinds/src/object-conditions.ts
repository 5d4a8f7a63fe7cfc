import { type KubeObject, mapAt, mapsIn, numberOf, textOf } from '@runos/kube-objects';

/** An entry of status.conditions. */
export interface ObjectCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

/** All conditions in the status of an object. */
export function conditionsOf(object: KubeObject): ObjectCondition[] {
  return mapsIn(mapAt(object, 'status')['conditions']).map((condition) => ({
    type: textOf(condition['type']) ?? '',
    status: textOf(condition['status']) ?? 'Unknown',
    reason: textOf(condition['reason']) ?? '',
    message: textOf(condition['message']) ?? '',
    observedGeneration: numberOf(condition['observedGeneration']),
  }));
}

/** The condition of a type, undefined when the object does not have it. */
export const conditionOf = (object: KubeObject, type: string): ObjectCondition | undefined =>
  conditionsOf(object).find((condition) => condition.type === type);

/** True if status is older than the spec. Controllers without observedGeneration count as up to date. */
export function isOutdated(object: KubeObject, condition?: ObjectCondition): boolean {
  const observed = condition?.observedGeneration ?? numberOf(mapAt(object, 'status')['observedGeneration']);
  return observed !== undefined && observed < (object.metadata.generation ?? 0);
}
