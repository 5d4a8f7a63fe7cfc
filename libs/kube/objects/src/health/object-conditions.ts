import { type KubeObject, mapAt, mapsIn, numberOf, textOf } from '../kube-object.js';

/** A condition as an object's own controller reports it. */
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

/** True if the controller has said nothing about the current spec yet. Controllers that note no generation are believed. */
export function outdated(object: KubeObject, condition?: ObjectCondition): boolean {
  const observed = condition?.observedGeneration ?? numberOf(mapAt(object, 'status')['observedGeneration']);
  return observed !== undefined && observed < (object.metadata.generation ?? 0);
}
