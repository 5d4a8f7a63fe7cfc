import { reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import type { Bus } from '@runos/messaging';
import type { Audit } from '../audit/audit.js';
import { isNotFound } from '../not-found.js';
import type { SessionHub } from '../sessions/session-hub.js';
import type { LiveAgent } from '../streams/live-agent.js';
import type { ReportHandlers } from './report-handler.js';

const notOfThisCluster = 'the instance is not of this cluster';

type Handled = 'AgentHello' | 'BundleStatus' | 'ClusterAgentHeartbeatToServer' | 'RESYNC';

/**
 * What cluster agents say (and the hello of both). Account and cluster come from the certificate: what an agent says
 * about an instance of another cluster finds nothing there, and is answered as if there were none anywhere, without
 * waiting for the entry in the audit log: the time would tell.
 */
export function clusterHandlers(hub: SessionHub, bus: Bus, audit: Audit): Pick<ReportHandlers, Handled> {
  return {
    AgentHello: {
      from: ['node', 'cluster-agent'],
      handle: async (agent, hello) => {
        const { version, capabilities, clusterUid = null, count, root } = hello;
        hub.introduce(agent, { version, capabilities, clusterUid });
        if (count === undefined || root === undefined) return {};
        return { inSync: await inSync(bus, agent, { step: 'root', count, root }) };
      },
    },
    BundleStatus: {
      from: ['cluster-agent'],
      handle: async (agent, status) => {
        const { aid, cid } = agent.peer.identity;
        try {
          await bus.request(reconciler.reportBundleStatus, { cid, status }, { tenant: aid });
        } catch (error) {
          if (!isNotFound(error)) throw error;
          void audit.refusedOften(aid, 'agent.status', cid, status.osid, notOfThisCluster);
        }
        return {};
      },
    },
    ClusterAgentHeartbeatToServer: {
      from: ['cluster-agent'],
      handle: async (agent) => {
        hub.beat(agent);
        return {};
      },
    },
    RESYNC: {
      from: ['cluster-agent'],
      handle: async (agent, question) => {
        const { aid, cid } = agent.peer.identity;
        const { foreign: [first] = [], ...answer } = await bus.request(
          reconciler.resync,
          { cid, question },
          { tenant: aid },
        );
        if (first !== undefined) void audit.refusedOften(aid, 'agent.resync', cid, first, notOfThisCluster);
        return answer;
      },
    },
  };
}

type Root = { readonly step: 'root'; readonly count: number; readonly root: string };

/** Null when nobody can say now: the agent then starts the exchange itself. */
async function inSync(bus: Bus, { peer: { identity } }: LiveAgent, question: Root): Promise<boolean | null> {
  try {
    const answer = await bus.request(reconciler.resync, { cid: identity.cid, question }, { tenant: identity.aid });
    return answer.equal ?? null;
  } catch (error) {
    if (error instanceof Fault && error.code === 'unavailable') return null;
    throw error;
  }
}
