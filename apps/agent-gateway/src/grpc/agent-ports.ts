import { rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { maxFromAgentBytes, registerService, streamService } from '@runos/agent-protocol';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { type AuthorityPair, issueLeaf, newEcKey } from '@runos/pki';
import { ConnectionLimit } from '@runos/security';
import { CertificateAuthorities, validForDays } from '../authority/certificate-authorities.js';
import type { AgentGatewayConfig } from '../config.js';
import { type GrpcServer, startGrpcServer } from './grpc-server.js';
import { RegisterPortMethods, StreamPortMethods } from './agent-port-methods.js';
import { widenReceiveWindows } from './receive-window.js';

/** Every start issues a new certificate, so only a process that runs for two years is affected by its end. */
const serverCertificateDays = 730;

export interface ServerIdentity {
  readonly authority: AuthorityPair;
  /** DNS names and IP addresses that agents dial. */
  readonly names: readonly string[];
  /** The CA of client certificates; absent: the server requests none. */
  readonly clientAuthority?: AuthorityPair;
}

/** A new key and certificate for one port. The chain includes the CA, so that agents find it by its pinned hash. */
async function serverCredentials(identity: ServerIdentity): Promise<ServerCredentials> {
  const { authority, names, clientAuthority } = identity;
  const { keyPem, publicKey } = await newEcKey();
  const leaf = await issueLeaf(authority, {
    ...validForDays(serverCertificateDays),
    publicKey,
    usage: 'server',
    commonName: 'agent-gateway',
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
  });
  const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(leaf + authority.certificatePem) };
  const ca = clientAuthority === undefined ? null : Buffer.from(clientAuthority.certificatePem);
  return ServerCredentials.createSsl(ca, [pair], clientAuthority !== undefined);
}

/** Callers of the register port are not authenticated, so their messages are limited to 64 KiB. */
const maxRegisterBytes = 64 * 1024;

/** Opens the register port and the stream port after all other parts have started, and closes them after those stop. */
@Injectable()
export class AgentPorts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #register: GrpcServer | undefined;
  #stream: GrpcServer | undefined;
  #keepReceiveWindows: (() => void) | undefined;

  constructor(
    private readonly authorities: CertificateAuthorities,
    private readonly registerMethods: RegisterPortMethods,
    private readonly streamMethods: StreamPortMethods,
    @InjectConfig() private readonly config: AgentGatewayConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  get registerPort(): number {
    return portOf(this.#register);
  }

  get streamPort(): number {
    return portOf(this.#stream);
  }

  async onApplicationBootstrap(): Promise<void> {
    const { agentHost: host, serverNames: names, caFile, proxyProtocolFrom: balancers } = this.config;
    const { connectionIdleTimeoutMs: idleMs, registerConnectionTimeoutMs: maxAgeMs } = this.config;
    const { register, stream } = this.authorities;
    if (caFile !== undefined) await replaceFile(caFile, register.certificatePem);
    this.#keepReceiveWindows = widenReceiveWindows();
    this.#register = await startGrpcServer({
      host,
      port: this.config.registerPort,
      balancers,
      credentials: await serverCredentials({ authority: register, names }),
      service: registerService,
      handlers: this.registerMethods.handlers,
      maxMessageBytes: maxRegisterBytes,
      connections: this.#limit('register', this.config.registerConnectionsPerClient),
      timeouts: { idleMs, maxAgeMs },
    });
    this.#stream = await startGrpcServer({
      host,
      port: this.config.streamPort,
      balancers,
      credentials: await serverCredentials({ authority: stream, names, clientAuthority: stream }),
      service: streamService,
      handlers: this.streamMethods.handlers,
      maxMessageBytes: maxFromAgentBytes,
      connections: this.#limit('stream', this.config.streamConnectionsPerClient),
      timeouts: { idleMs },
    });
    const { registerPort, streamPort } = this;
    this.logger.info({ registerPort, streamPort, caSha256: this.authorities.registerSha256 }, 'agent ports open');
  }

  #limit(port: 'register' | 'stream', max: number): ConnectionLimit {
    const onReached = (from: string) => this.logger.warn({ from, port, max }, 'a client has too many connections');
    return new ConnectionLimit({ max, onReached });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.#register?.stop(), this.#stream?.stop()]);
    this.#keepReceiveWindows?.();
  }
}

function portOf(server: GrpcServer | undefined): number {
  if (server === undefined) throw new Error('the agent ports are not open yet');
  return server.port;
}

/** Several replicas write the same file, so each replaces it atomically. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.new`;
  await writeFile(temporary, text);
  await rename(temporary, file);
}
