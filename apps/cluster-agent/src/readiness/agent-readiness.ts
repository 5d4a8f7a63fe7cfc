import { Readiness } from '@runos/observability';
import type { ClusterAgent } from '../cluster-agent.js';

/**
 * The agent is ready when it holds the lease, has listed the common kinds, and has the rights and watches that it needs.
 * The reasons quote the API server.
 */
export function agentReadiness(
  agent: Pick<ClusterAgent, 'isActive' | 'inactiveReason' | 'problems' | 'unlistedKinds'>,
): Readiness {
  const readiness = new Readiness();
  readiness.need('lease', () => agent.isActive || agent.inactiveReason);
  readiness.need(
    'watches',
    () => agent.unlistedKinds.length === 0 || `not listed yet: ${agent.unlistedKinds.join(', ')}`,
  );
  readiness.need('rights', () => agent.problems.length === 0 || agent.problems.map(({ message }) => message).join(' '));
  return readiness;
}
