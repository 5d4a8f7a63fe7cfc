import type { HistoryTime, Operation } from './recorded-history.js';

/** What a read returned; it was true at some time between `from` and `to`. */
export interface Read {
  readonly from: HistoryTime;
  readonly to: HistoryTime;
  readonly operation: Operation;
}

/**
 * Pairs of reads of which the first ended before the second started and has the higher rank. Each read is paired with
 * the highest earlier one only. A read with an uncertain rank has a lower one as the first and a higher one as the second.
 */
export function regressions<T extends Read>(
  reads: readonly T[],
  rankOf: (read: T) => number,
  maxRankOf: (read: T) => number = rankOf,
): (readonly [T, T])[] {
  const byEnd = reads.toSorted((a, b) => a.to - b.to);
  const found: (readonly [T, T])[] = [];
  let highest: T | undefined;
  let ended = 0;
  for (const read of reads.toSorted((a, b) => a.from - b.from)) {
    for (let next = byEnd[ended]; next !== undefined && next.to < read.from; next = byEnd[(ended += 1)]) {
      if (highest === undefined || rankOf(next) > rankOf(highest)) highest = next;
    }
    if (highest !== undefined && rankOf(highest) > maxRankOf(read)) found.push([highest, read]);
  }
  return found;
}

/** The first read of each pair of keys and values that contradicts an earlier read with the same key. */
export function contradictions<T extends Read>(
  reads: readonly T[],
  keyOf: (read: T) => unknown,
  valueOf: (read: T) => unknown,
): (readonly [T, T])[] {
  const first = new Map<unknown, T>();
  const found: (readonly [T, T])[] = [];
  for (const read of reads) {
    const earlier = first.get(keyOf(read));
    if (earlier === undefined) first.set(keyOf(read), read);
    else if (valueOf(earlier) !== valueOf(read)) found.push([earlier, read]);
  }
  return found;
}
