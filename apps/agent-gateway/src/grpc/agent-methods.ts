import type { StreamService } from '@runos/agent-protocol';
import type { Logger } from '@runos/observability';
import type { Renewal } from '../certificates/renewal.js';
import type { AgentStreams } from '../streams/agent-streams.js';
import { type AgentGuard, forAgents, type Handlers, streamOf } from './guarded.js';

const cut = (text: string): string => text.slice(0, 4096);
const severities: Readonly<Record<number, 'error' | 'warn' | 'info'>> = { 1: 'error', 2: 'warn', 3: 'info' };

/**
 * The methods of the stream port. There is no overlay network and no install script here, so the lists are empty;
 * `GetClusterAgentCredentials` is left out on purpose: a node's certificate must not open a cluster.
 */
export function agentMethods(
  guard: AgentGuard,
  streams: AgentStreams,
  renewal: Renewal,
  logger: Logger,
): Handlers<StreamService> {
  return {
    NodeAgentStream: streamOf(streams, 'node'),
    ClusterAgentStream: streamOf(streams, 'cluster-agent'),
    RegenerateCertificate: forAgents(guard, ({ csrPem }, peer) => renewal.renew(peer, csrPem)),
    AddNodelog: forAgents(guard, async (entry, peer) => {
      const { type, message, code, cause, remedy } = entry;
      const fields = { ...peer.identity, type: cut(type), code: cut(code), cause: cut(cause), remedy: cut(remedy) };
      logger[severities[entry.severity] ?? 'info'](fields, `an agent reports: ${cut(message)}`);
      return {};
    }),
    UpdateStatus: forAgents(guard, async ({ status }, peer) => {
      logger.info({ ...peer.identity, status: cut(status) }, 'an installation goes on');
      return {};
    }),
    ManualSync: forAgents(guard, async () => ({ peers: [] })),
    GetControlPlaneNodes: forAgents(guard, async () => ({ ControlPlaneNodes: [] })),
    GetInstallVpnCommands: forAgents(guard, async () => ({ commands: [] })),
    GetInstallCommands: forAgents(guard, async () => ({ commands: [] })),
  };
}
