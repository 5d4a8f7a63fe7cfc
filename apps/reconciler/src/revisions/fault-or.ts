import { Fault, type FaultCode } from '@runos/kernel';

/** No refusals: this process is defective, or lacks the renderer that a replica of a newer build has. */
const failures: readonly FaultCode[] = ['internal', 'unavailable'];

/** The result of `work`, or the fault with which it refuses. */
export function faultOr<Result>(work: () => Result): Result | Fault {
  try {
    return work();
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}

/** Whether a request was refused, so that no replica would accept it. */
export const isRefusal = (error: unknown): error is Fault => error instanceof Fault && !failures.includes(error.code);
