import type { Read } from './ordered-reads.js';
import type { Restore } from './recorded-history.js';

/**
 * The number of restores before a read; undefined when it overlaps one, because it may have read either database. What
 * is true in one epoch may be undone in the next.
 */
export function epochOf({ from, to }: Pick<Read, 'from' | 'to'>, restores: readonly Restore[]): number | undefined {
  if (restores.some((restore) => restore.from < to && from < restore.to)) return undefined;
  return restores.filter((restore) => restore.to <= from).length;
}

/** The reads of each epoch; those that overlap a restore are in none. */
export function byEpoch<T extends Read>(reads: readonly T[], restores: readonly Restore[]): T[][] {
  const epochs: T[][] = [];
  for (const read of reads) {
    const epoch = epochOf(read, restores);
    if (epoch !== undefined) (epochs[epoch] ??= []).push(read);
  }
  return epochs.filter((epoch) => epoch !== undefined);
}

/** Whether a restore before the end of `read` may have removed what happened between `from` and `to`. */
export const mayBeLost = (
  { from, to }: Pick<Read, 'from' | 'to'>,
  read: Pick<Read, 'to'>,
  restores: readonly Restore[],
): boolean => restores.some((restore) => restore.from < read.to && restore.backupAt < to && from < restore.to);
