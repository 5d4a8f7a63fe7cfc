import { Fault, type FaultCode, type Issue } from '@runos/kernel';

/** A refusal that says the first thing in words and carries everything as issues. */
export function invalid(code: FaultCode, issues: readonly Issue[]): Fault {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new Fault(code, `${first?.message ?? 'The request cannot be met'}${more}.`, { issues });
}
