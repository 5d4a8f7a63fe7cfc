import { type BodyOf, type ClusterAgentHeartbeatToServer, maxAgentProblems } from '@runos/agent-protocol';
import type { BundleController } from '../reconcile/bundle-controller.js';

/** Of a problem in a heartbeat. */
const maxMessageLength = 1_024;

/** Problems beyond the limits of a heartbeat are left out. */
export function heartbeatOf({
  observation: { problems },
}: Pick<BundleController, 'observation'>): BodyOf<typeof ClusterAgentHeartbeatToServer> {
  if (problems.length === 0) return {};
  const shortened = problems.map((problem) => ({ ...problem, message: problem.message.slice(0, maxMessageLength) }));
  return { problems: shortened.slice(0, maxAgentProblems) };
}
