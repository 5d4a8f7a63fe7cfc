import { Fault } from '@runos/kernel';

/** Refuses a write that was made for another generation than the present one, naming who made that. */
export function refuseStale(
  what: string,
  current: { readonly generation: number; readonly changed_by: string },
  ifGeneration: number | undefined,
): void {
  if (ifGeneration === undefined || ifGeneration === current.generation) return;
  throw new Fault(
    'conflict.stale',
    `The write was made for generation ${ifGeneration} of ${what}, which is at generation ${current.generation}, last changed by ${current.changed_by}. Read it again and repeat the change.`,
    { generation: current.generation, changedBy: current.changed_by },
  );
}
