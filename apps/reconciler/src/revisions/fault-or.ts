import { Fault } from '@runos/kernel';

/** The result of `work`, or the fault with which it refuses. */
export function faultOr<Result>(work: () => Result): Result | Fault {
  try {
    return work();
  } catch (error) {
    // An older build lacks the renderer; a replica of the newer one does the work.
    if (error instanceof Fault && error.code !== 'internal') return error;
    throw error;
  }
}
