import { rename, writeFile } from 'node:fs/promises';
import { maxFromAgentBytes, registerService, streamService } from '@runos/agent-protocol';
import { systemRandom } from '@runos/kernel';
import type { Bus } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import type { Database } from '@runos/persistence';
import type { AgentGatewayConfig } from './agent-gateway-config.js';
import { AgentStore } from './agents/agent-store.js';
import { Clusters } from './agents/clusters.js';
import { PresenceTeller } from './agents/presence-teller.js';
import { Audit } from './audit/audit.js';
import { type Authorities, loadAuthorities, pinOf } from './authority/authorities.js';
import { serverCredentials } from './authority/server-credentials.js';
import { CertificateStore } from './certificates/certificate-store.js';
import { Gatekeeper } from './certificates/gatekeeper.js';
import { Issuer } from './certificates/issuer.js';
import { Renewal } from './certificates/renewal.js';
import { agentMethods } from './grpc/agent-methods.js';
import { type AgentPort, openAgentPort } from './grpc/agent-port.js';
import { RateLimit } from './grpc/rate-limit.js';
import { Instruct } from './instruct/instruct.js';
import { registerMethods } from './registration/register-methods.js';
import { Registrar } from './registration/registrar.js';
import { reportHandlers } from './reports/report-handlers.js';
import { ReplicaLease } from './sessions/replica-lease.js';
import { SessionHub } from './sessions/session-hub.js';
import { SessionKeeper } from './sessions/session-keeper.js';
import { SessionLines } from './sessions/session-lines.js';
import { SessionStore } from './sessions/session-store.js';
import { AgentStreams } from './streams/agent-streams.js';
import { TokenIssue } from './tokens/token-issue.js';
import { TokenStore } from './tokens/token-store.js';

export interface Surroundings {
  readonly config: AgentGatewayConfig;
  readonly database: Database;
  readonly bus: Bus;
  readonly logger: Logger;
}

/** Before anybody has proved who they are, messages are small. */
const maxRegisterBytes = 64 * 1024;
/** A machine room behind one address may register together; somebody who guesses may not. */
const registrationRate = { perMinute: 120, burst: 60 };
const callRate = { perMinute: 300, burst: 60 };
/** Each costs a lookup and a few rows; agents dial again after a second at the soonest. */
const streamRate = { perMinute: 60, burst: 30 };
const streamPace = { perSecond: 500, burst: 1_000, inFlight: 64 };
const firstWordMs = 15_000;

/** Everything of one replica, put together; nothing runs before `start`. */
export class AgentGateway {
  readonly instruct: Instruct;
  readonly clusters: Clusters;
  readonly tokens: TokenIssue;
  readonly #keeper: SessionKeeper;
  readonly #open: (authorities: Authorities) => Promise<AgentPort[]>;
  #authorities: Authorities | undefined;
  #ports: AgentPort[] = [];

  constructor(private readonly around: Surroundings) {
    const { config, database, bus, logger } = around;
    const { staleAfterMs, pulseMs, renewedGraceMs, keyring } = config;
    const agents = new AgentStore(database);
    const sessions = new SessionStore(database);
    const certificates = new CertificateStore(database);
    const tokens = new TokenStore(database);
    const presence = new PresenceTeller(bus, agents, logger);
    const lease = new ReplicaLease(database, config.replicaId, config.leaseMs);
    const lines = new SessionLines(bus.connector, logger);
    const audit = new Audit(bus, logger);
    const onAbsent = (): void => this.#keeper.lookForStale();
    const hub = new SessionHub({ sessions, agents, lines, lease, presence, logger, staleAfterMs, onAbsent });
    const rhythm = { pulseMs, staleAfterMs, renewedGraceMs };
    this.#keeper = new SessionKeeper({
      hub,
      sessions,
      agents,
      certificates,
      tokens,
      lease,
      presence,
      logger,
      rhythm,
    });
    this.instruct = new Instruct({ sessions, hub, lines });
    this.clusters = new Clusters({ database, agents, hub });
    this.tokens = new TokenIssue({
      database,
      tokens,
      audit,
      keyring,
      random: systemRandom,
      ttlSeconds: config.tokenTtlSeconds,
      templates: { node: config.nodeCommand, 'cluster-agent': config.clusterAgentCommand },
      facts: () => this.#facts(),
    });
    const issuer = new Issuer(() => this.#known().l2, config.agentCertificateDays);
    const gatekeeper = new Gatekeeper(certificates);
    const handlers = reportHandlers(hub, bus, audit, logger);
    const streams = new AgentStreams({
      gatekeeper,
      hub,
      handlers,
      audit,
      logger,
      pace: streamPace,
      limit: new RateLimit(streamRate),
      firstWordMs,
    });
    const renewal = new Renewal({ database, certificates, agents, presence, issuer });
    const registrar = new Registrar({ database, tokens, certificates, sessions, hub, issuer, bus, audit });
    const guard = { gatekeeper, limit: new RateLimit(callRate), logger };
    this.#open = async ({ l1, l2 }) => {
      const { agentHost: host, serverNames: names } = config;
      const register = await openAgentPort({
        host,
        port: config.registerPort,
        credentials: await serverCredentials({ authority: l1, names }),
        service: registerService,
        handlers: registerMethods(registrar, new RateLimit(registrationRate), logger),
        maxMessageBytes: maxRegisterBytes,
      });
      const stream = await openAgentPort({
        host,
        port: config.streamPort,
        credentials: await serverCredentials({ authority: l2, names, callers: l2 }),
        service: streamService,
        handlers: agentMethods(guard, streams, renewal, logger),
        maxMessageBytes: maxFromAgentBytes,
      });
      return [register, stream];
    };
  }

  /** The ports agents dial, once they are open: register and stream. */
  get ports(): readonly [register: number, stream: number] {
    const [register, stream] = this.#ports;
    if (register === undefined || stream === undefined) throw new Error('the ports of agents are not open yet');
    return [register.port, stream.port];
  }

  /** The CA of the register port, as PEM. */
  get registerCa(): string {
    return this.#known().l1.certificatePem;
  }

  /** @throws Error when there are no CAs yet, or a port cannot be had */
  async start(): Promise<void> {
    const { config, database, logger } = this.around;
    this.#authorities = await loadAuthorities(database.manager, config.keyring);
    if (config.caFile !== undefined) await leaveCa(config.caFile, this.registerCa);
    await this.#keeper.start();
    this.#ports = await this.#open(this.#authorities);
    const [registerPort, streamPort] = this.ports;
    logger.info({ registerPort, streamPort, caSha256: pinOf(this.#authorities.l1) }, 'agents may dial');
  }

  /** Ends every stream with the advice to dial again, and closes what is written down as open here. */
  async stop(): Promise<void> {
    await this.#keeper.stop();
    await Promise.all(this.#ports.map((port) => port.stop()));
  }

  #known(): Authorities {
    if (this.#authorities === undefined) throw new Error('the CAs are not loaded yet');
    return this.#authorities;
  }

  #facts() {
    const [registerPort, streamPort] = this.ports;
    const { serverNames, publicRegisterPort, publicStreamPort } = this.around.config;
    return {
      server: serverNames[0] ?? 'localhost',
      registerPort: publicRegisterPort ?? registerPort,
      streamPort: publicStreamPort ?? streamPort,
      caSha256: pinOf(this.#known().l1),
    };
  }
}

/** Every replica leaves the same CA in the same file: whoever reads it meanwhile finds all of it. */
async function leaveCa(file: string, pem: string): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, pem);
  await rename(fresh, file);
}
