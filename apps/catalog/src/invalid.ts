import { Fault, type FaultCode, type Issue } from '@runos/kernel';

/** A fault whose message is the first issue and whose details hold all of them. */
export function invalid(code: FaultCode, issues: readonly Issue[]): Fault {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new Fault(code, `${first?.message ?? 'The request cannot be met'}${more}.`, { issues });
}
