/** The pods of an instance during a rollout. */
export interface RolloutPods {
  /** The revision that is rolled out. */
  readonly revision: number;
  /** The last revision whose rollout was complete; null: there was none. */
  readonly readyRevision: number | null;
  /** Undefined for workloads that do not count them. */
  readonly replicas: { readonly desired: number; readonly ready: number; readonly outdated?: number } | undefined;
}

/** Which pods serve while the rollout of a later revision is not complete. Empty when that is not known. */
export function describeServing({ revision, readyRevision, replicas }: RolloutPods): string {
  if (readyRevision === null || readyRevision >= revision || replicas === undefined || replicas.desired === 0)
    return '';
  const { desired, ready, outdated = 0 } = replicas;
  if (ready === 0) return 'No pod serves.';
  return outdated === 0
    ? ''
    : `The pods of revision ${readyRevision} still serve: ${outdated} of ${desired} are ready.`;
}
