import { Readiness } from '@runos/observability';
import type { ClusterAgent } from '../cluster-agent.js';

/**
 * The active agent is ready when it has listed the common kinds, and has the rights and watches that it needs. A standby
 * is ready while another agent holds the lease: a rolling update ends the active agent only after the new pod is ready.
 * The reasons quote the API server.
 */
export function agentReadiness(
  agent: Pick<ClusterAgent, 'isActive' | 'awaitedHolder' | 'inactiveReason' | 'problems' | 'unlistedKinds'>,
): Readiness {
  const readiness = new Readiness();
  const isStandby = () => agent.awaitedHolder !== undefined;
  readiness.need('lease', () => agent.isActive || isStandby() || agent.inactiveReason);
  readiness.describe('lease', () => (isStandby() ? `standby: ${agent.awaitedHolder} holds the lease` : undefined));
  readiness.need(
    'watches',
    () => agent.unlistedKinds.length === 0 || `not listed yet: ${agent.unlistedKinds.join(', ')}`,
  );
  readiness.need('rights', () => agent.problems.length === 0 || agent.problems.map(({ message }) => message).join(' '));
  return readiness;
}
