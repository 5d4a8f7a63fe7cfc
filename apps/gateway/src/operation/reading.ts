import type { Issue } from '@runos/kernel';

/** What is read from a part of a request, with everything that is wrong with it. */
export interface Reading<T> {
  readonly value: T;
  readonly issues: readonly Issue[];
}
