import type { ServerDuplexStream } from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import type { AgentKind, Envelope, RegisterService, StreamService } from '@runos/agent-protocol';
import { clientNetwork } from '@runos/security';
import { AgentLog } from '../agents/agent-log.js';
import { keyOf, keyText } from '../agents/agent-repository.js';
import { type AgentPeer, CertificateAuthenticator } from '../certificates/certificate-authenticator.js';
import { CertificateRenewal } from '../certificates/certificate-renewal.js';
import { AgentRegistration } from '../registration/agent-registration.js';
import { AgentStreamHandler } from '../streams/agent-stream-handler.js';
import { CallRefusal } from './call-refusal.js';
import { addressOf } from './connection-listener.js';
import { type CallHandler, type CallHandlers, unaryHandler } from './grpc-server.js';
import { RateLimiter } from './rate-limiter.js';

/** Many machines behind one address may register together; guessing tokens at this rate finds none. */
const registrationRate = { calls: 2, periodSeconds: 1, burst: 58 };

/** The method of the register port. It needs no certificate, so its limit counts by address. */
@Injectable()
export class RegisterPortMethods {
  readonly handlers: CallHandlers<RegisterService>;
  readonly #limiter = new RateLimiter(registrationRate);

  constructor(registration: AgentRegistration, log: AgentLog) {
    this.handlers = {
      Register: unaryHandler('anyone', log, async (call) => {
        const address = addressOf(call.getPeer());
        if (!(await this.#limiter.allows(clientNetwork(address))))
          throw new CallRefusal('rate-exceeded', 'too many registrations from this address; wait');
        return registration.register(call.request, address);
      }),
    };
  }
}

const callRate = { calls: 5, periodSeconds: 1, burst: 55 };
const severities: Readonly<Record<number, 'error' | 'warn' | 'info'>> = { 1: 'error', 2: 'warn', 3: 'info' };

/** An empty list would make `install` report success on a machine where nothing was installed. */
const refuseInstallation = (): Promise<never> =>
  Promise.reject(
    new CallRefusal(
      'not-offered',
      'this control plane does not install Kubernetes: create the cluster with an installer of your choice, such as kubeadm; the registered agent then reports the state of this machine',
    ),
  );

/**
 * The methods of the stream port. The plane has no overlay network, so the lists of peers and nodes are empty.
 * `GetClusterAgentCredentials` stays unimplemented: a node certificate must not give access to a cluster.
 */
@Injectable()
export class StreamPortMethods {
  readonly handlers: CallHandlers<StreamService>;
  readonly #limiter = new RateLimiter(callRate);

  constructor(
    private readonly authenticator: CertificateAuthenticator,
    private readonly streams: AgentStreamHandler,
    renewal: CertificateRenewal,
    private readonly log: AgentLog,
  ) {
    this.handlers = {
      NodeAgentStream: this.#stream('node'),
      ClusterAgentStream: this.#stream('cluster-agent'),
      RegenerateCertificate: this.#unary(({ csrPem }, peer) => renewal.renew(peer, csrPem)),
      AddNodelog: this.#unary(async (entry, { identity }) => {
        const { type, message, code, cause, remedy } = entry;
        const level = severities[entry.severity] ?? 'info';
        log.write(identity, level, { type, code, cause, remedy }, `agent log: ${message}`);
        return {};
      }),
      UpdateStatus: this.#unary(async ({ status }, { identity }) => {
        log.write(identity, 'info', { status }, 'installation progress');
        return {};
      }),
      ManualSync: this.#unary(async () => ({ peers: [] })),
      GetControlPlaneNodes: this.#unary(async () => ({ ControlPlaneNodes: [] })),
      GetInstallVpnCommands: this.#unary(refuseInstallation),
      GetInstallCommands: this.#unary(refuseInstallation),
    };
  }

  /** A method for every agent with a valid certificate. */
  #unary<In, Out>(handle: (request: In, peer: AgentPeer) => Promise<Out>): CallHandler<In, Out> {
    return unaryHandler('any agent', this.log, async (call) => {
      const peer = await this.authenticator.authenticate(call);
      if (!(await this.#limiter.allows(keyText(keyOf(peer.identity)))))
        throw new CallRefusal('rate-exceeded', 'too many calls; slow down');
      return handle(call.request, peer);
    });
  }

  #stream(kind: AgentKind): CallHandler<Envelope, Envelope> {
    const serve = (call: ServerDuplexStream<Envelope, Envelope>) => void this.streams.open(call, kind);
    return { access: kind, serve };
  }
}
