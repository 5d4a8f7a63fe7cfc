import { Injectable } from '@nestjs/common';
import { addons } from '@runos/addons';
import type { AgentKind, ReadReport, ReplyOf, reports, ReportType } from '@runos/agent-protocol';
import { type InputOf, type NodeRole, reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { isNotFound } from '../agents/agent-connection-reporter.js';
import { AgentLog } from '../agents/agent-log.js';
import { AuditRecorder } from '../audit/audit-recorder.js';
import { kindOf } from '../certificates/certificate-authenticator.js';
import { SessionInfoWriter } from '../sessions/session-info-writer.js';
import { SessionRegistry } from '../sessions/session-registry.js';
import type { ConnectedAgent } from '../streams/connected-agent.js';
import { boundedStatus } from './bounded-status.js';
import { StatusNumbers } from './status-numbers.js';

export type BodyRead<T extends ReportType> = Extract<ReadReport, { type: T }>['body'];

/** Handles one type of report, from the given kinds of agents. */
export interface ReportHandler<T extends ReportType> {
  readonly from: readonly AgentKind[];
  /** The reply; undefined for reports without one. The agent receives the message of a Fault that this throws. */
  handle(agent: ConnectedAgent, body: BodyRead<T>): Promise<ReplyOf<(typeof reports)[T]>>;
}

/** One handler per report of the catalog. A missing one is a compile error. */
export type ReportHandlers = { readonly [T in ReportType]: ReportHandler<T> };

type Handled = 'AmIVIPHolder' | 'GetControlPlaneNodes' | 'NodeAgentHeartbeatToServer' | 'UpgradeNodeK8sLog';

const rolesOf = ({ isCp, isWorker }: BodyRead<'NodeAgentHeartbeatToServer'>): NodeRole[] => [
  ...(isCp ? (['control-plane'] as const) : []),
  ...(isWorker ? (['worker'] as const) : []),
];

/** Reports of node agents. The plane has no virtual addresses. An empty node list makes agents keep the list they have. */
@Injectable()
export class NodeReports {
  readonly handlers: Pick<ReportHandlers, Handled>;

  constructor(registry: SessionRegistry, infos: SessionInfoWriter, log: AgentLog) {
    this.handlers = {
      AmIVIPHolder: { from: ['node'], handle: async () => ({ isHolder: false, generation: 0 }) },
      GetControlPlaneNodes: { from: ['node'], handle: async () => [] },
      NodeAgentHeartbeatToServer: {
        from: ['node'],
        handle: async (agent, heartbeat) => {
          registry.recordHeartbeat(agent);
          const { version, status } = heartbeat;
          infos.change(agent, {
            ...(version === '' ? {} : { version }),
            ...(heartbeat.rolesKnown ? { roles: rolesOf(heartbeat) } : {}),
            ...(status === 'unrecognised' ? {} : { kubernetesStatus: status }),
          });
          return { isHealthy: true, message: '' };
        },
      },
      UpgradeNodeK8sLog: {
        from: ['node'],
        handle: async (agent, { severity, message }) => {
          log.write(agent.peer.identity, 'info', { severity, line: message }, 'Kubernetes upgrade log');
          return undefined;
        },
      },
    };
  }
}

type ResyncQuestion = InputOf<typeof reconciler.resync>['question'];

/** What every cluster agent looks for. */
const recognitions = addons.map(({ name, recognition }) => ({ name, ...recognition }));

const foreignInstance = 'the instance is not of this cluster';

/** The cluster of a report, and the Kubernetes cluster that the session of its sender has stated. */
const clusterOf = ({ peer: { identity }, info }: ConnectedAgent) => ({
  cid: identity.cid,
  ...(info.clusterUid === null ? {} : { clusterUid: info.clusterUid }),
});

type InstanceReport = 'AddonStatus' | 'AgentHello' | 'BundleStatus' | 'ClusterAgentHeartbeatToServer' | 'RESYNC';
type CertificateReport = 'GetCachedCert' | 'StoreCert' | 'Dns01ToServer';

/**
 * Reports of cluster agents, and the hello of both kinds. Account and cluster come from the certificate. A report about
 * an instance of another cluster gets the same reply as one about no instance. The reply does not wait for the audit
 * entry, so that its delay reveals nothing.
 */
@Injectable()
export class ClusterReports {
  readonly handlers: Pick<ReportHandlers, InstanceReport | CertificateReport>;
  readonly #numbers = new StatusNumbers();
  readonly #addonNumbers = new StatusNumbers();

  constructor(
    private readonly registry: SessionRegistry,
    private readonly infos: SessionInfoWriter,
    private readonly bus: Bus,
    private readonly audit: AuditRecorder,
    private readonly log: AgentLog,
  ) {
    this.handlers = { ...this.#instanceHandlers(), ...this.#certificateHandlers() };
  }

  #instanceHandlers(): Pick<ReportHandlers, InstanceReport> {
    const { registry, infos, bus, audit } = this;
    return {
      AddonStatus: {
        from: ['cluster-agent'],
        handle: async (agent, { addons }) => {
          const { aid: tenant } = agent.peer.identity;
          const order = { sessionNo: agent.sessionNo, sequence: this.#addonNumbers.next(agent) };
          try {
            await bus.request(reconciler.reportAddons, { ...clusterOf(agent), ...order, addons }, { tenant });
          } catch (error) {
            if (!isNotFound(error)) throw error; // the cluster is deleted, so there is nothing to repeat
          }
          return {};
        },
      },
      AgentHello: {
        from: ['node', 'cluster-agent'],
        handle: async (agent, hello) => {
          const { version, capabilities, clusterUid = null, count, root, kinds, writers } = hello;
          infos.change(agent, { version, capabilities, clusterUid });
          if (kindOf(agent.peer) !== 'cluster-agent') return {}; // a node does not learn what its cluster should run
          if (count === undefined || root === undefined) return { addons: recognitions };
          const inSync = await this.#isInSync(agent, { step: 'root', count, root, kinds, writers });
          return { addons: recognitions, comparesStatuses: true, receivesOrphans: true, inSync };
        },
      },
      BundleStatus: {
        from: ['cluster-agent'],
        handle: async (agent, { sequence = this.#numbers.next(agent), ...status }) => {
          const { aid, cid } = agent.peer.identity;
          const numbered = {
            ...clusterOf(agent),
            sessionNo: agent.sessionNo,
            status: { ...boundedStatus(status), sequence },
          };
          try {
            await bus.request(reconciler.reportBundleStatus, numbered, { tenant: aid });
          } catch (error) {
            if (!isNotFound(error)) throw error;
            void audit.refusedRepeatedly(aid, 'agent.status', cid, status.osid, foreignInstance);
          }
          return {};
        },
      },
      ClusterAgentHeartbeatToServer: {
        from: ['cluster-agent'],
        handle: async (agent, { problems = [] }) => {
          registry.recordHeartbeat(agent);
          infos.change(agent, { problems });
          return {};
        },
      },
      RESYNC: {
        from: ['cluster-agent'],
        handle: async (agent, question) => {
          const { aid, cid } = agent.peer.identity;
          const { foreign: [first] = [], ...reply } = await bus.request(
            reconciler.resync,
            { ...clusterOf(agent), question },
            { tenant: aid },
          );
          if (first !== undefined) void audit.refusedRepeatedly(aid, 'agent.resync', cid, first, foreignInstance);
          return reply;
        },
      },
    };
  }

  /** The plane stores no private key of a cluster and publishes no DNS records: clusters get their own certificates. */
  #certificateHandlers(): Pick<ReportHandlers, CertificateReport> {
    const noCertificate = { tlsCert: '', tlsKey: '', caCert: '' };
    return {
      GetCachedCert: {
        from: ['cluster-agent'],
        handle: async () => ({ success: true, found: false, pending: false, ...noCertificate }),
      },
      StoreCert: {
        from: ['cluster-agent'],
        handle: async () => ({ success: false, message: 'this plane does not store certificates of clusters' }),
      },
      Dns01ToServer: {
        from: ['cluster-agent'],
        handle: async (agent) => {
          const ignored = 'DNS-01 challenge ignored: this plane publishes no DNS records';
          this.log.write(agent.peer.identity, 'warn', {}, ignored);
          return undefined;
        },
      },
    };
  }

  /** Null while the reconciler is not available: the agent then starts the exchange itself. */
  async #isInSync(agent: ConnectedAgent, question: ResyncQuestion): Promise<boolean | null> {
    const { aid: tenant } = agent.peer.identity;
    try {
      const { equal } = await this.bus.request(reconciler.resync, { ...clusterOf(agent), question }, { tenant });
      return equal ?? null;
    } catch (error) {
      if (faultOf(error)?.code === 'unavailable') return null;
      throw error;
    }
  }
}
