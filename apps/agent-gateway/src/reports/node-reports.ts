import { Injectable } from '@nestjs/common';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { SessionRegistry } from '../sessions/session-registry.js';
import type { ReportHandlers } from './report-handler.js';

type Handled = 'AmIVIPHolder' | 'GetControlPlaneNodes' | 'NodeAgentHeartbeatToServer' | 'UpgradeNodeK8sLog';

/** Reports of node agents. The plane has no virtual addresses. An empty node list makes agents keep the list they have. */
@Injectable()
export class NodeReports {
  readonly handlers: Pick<ReportHandlers, Handled>;

  constructor(registry: SessionRegistry, @InjectLogger() logger: Logger) {
    this.handlers = {
      AmIVIPHolder: { from: ['node'], handle: async () => ({ isHolder: false, generation: 0 }) },
      GetControlPlaneNodes: { from: ['node'], handle: async () => [] },
      NodeAgentHeartbeatToServer: {
        from: ['node'],
        handle: async (agent, heartbeat) => {
          registry.recordHeartbeat(agent);
          if (heartbeat.version !== '') registry.updateInfo(agent, { version: heartbeat.version });
          return { isHealthy: true, message: '' };
        },
      },
      UpgradeNodeK8sLog: {
        from: ['node'],
        handle: async (agent, { severity, message }) => {
          logger.info({ ...agent.peer.identity, severity, line: message }, 'Kubernetes upgrade log');
          return undefined;
        },
      },
    };
  }
}
