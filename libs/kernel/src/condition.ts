export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** One observed aspect of a resource. `reason` is stable CamelCase, `message` a sentence with what to do. */
export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  /** ISO 8601; changes only with `status` (lastTransitionTime in Kubernetes). */
  readonly since: string;
}

export type ConditionUpdate = Omit<Condition, 'observedGeneration' | 'since'>;

/** Sets one condition: records the generation and keeps `since` unless the status changes. */
export function setCondition(
  all: readonly Condition[],
  claim: ConditionUpdate,
  observedGeneration: number,
  now: Date,
): Condition[] {
  const old = all.find((condition) => condition.type === claim.type);
  const since = old?.status === claim.status ? old.since : now.toISOString();
  return [...all.filter((condition) => condition.type !== claim.type), { ...claim, observedGeneration, since }].sort(
    (a, b) => a.type.localeCompare(b.type),
  );
}
