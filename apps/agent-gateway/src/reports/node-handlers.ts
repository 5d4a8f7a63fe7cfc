import type { Logger } from '@runos/observability';
import type { SessionHub } from '../sessions/session-hub.js';
import type { ReportHandlers } from './report-handler.js';

type Handled = 'AmIVIPHolder' | 'GetControlPlaneNodes' | 'NodeAgentHeartbeatToServer' | 'UpgradeNodeK8sLog';

/** What node agents say. Nobody holds a virtual address here, and control-plane nodes keep the list they have. */
export function nodeHandlers(hub: SessionHub, logger: Logger): Pick<ReportHandlers, Handled> {
  return {
    AmIVIPHolder: { from: ['node'], handle: async () => ({ isHolder: false, generation: 0 }) },
    GetControlPlaneNodes: { from: ['node'], handle: async () => [] },
    NodeAgentHeartbeatToServer: {
      from: ['node'],
      handle: async (agent, beat) => {
        hub.beat(agent);
        if (beat.version !== '') hub.introduce(agent, { version: beat.version });
        return { isHealthy: true, message: '' };
      },
    },
    UpgradeNodeK8sLog: {
      from: ['node'],
      handle: async (agent, line) => {
        logger.info({ ...agent.peer.identity, severity: line.severity, line: line.message }, 'kubernetes upgrade');
        return undefined;
      },
    },
  };
}
