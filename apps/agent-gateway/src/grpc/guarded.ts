import type {
  handleBidiStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  ServerDuplexStream,
  ServerUnaryCall,
} from '@grpc/grpc-js';
import { type AgentKind, type Envelope } from '@runos/agent-protocol';
import { faultOf } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import { keyOf, keyText } from '../agents/agent-key.js';
import type { Gatekeeper } from '../certificates/gatekeeper.js';
import { refusalStatus } from '../streams/agent-stream.js';
import type { AgentStreams } from '../streams/agent-streams.js';
import type { Peer } from '../streams/live-agent.js';
import { Refused } from './refused.js';
import type { RateLimit } from './rate-limit.js';

/** Who may call a method: it is said where the method is given its handler, and there is no other way to give one. */
export type Access = 'anyone' | 'any agent' | AgentKind;

export interface Guarded<In, Out> {
  readonly access: Access;
  readonly serve: handleUnaryCall<In, Out> | handleBidiStreamingCall<In, Out>;
}

/** Handlers of a service: of each method either a guarded one or none, which answers UNIMPLEMENTED. */
export type Handlers<Service> = {
  readonly [M in keyof Service]?: Service[M] extends MethodDefinition<infer In, infer Out> ? Guarded<In, Out> : never;
};

/** The address without its port: what limits count by when there is no certificate yet. */
export const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');

const trouble = (error: unknown, logger: Logger, path: string) => {
  if (error instanceof Refused) return refusalStatus(error.refusal, error.message);
  const fault = faultOf(error);
  if (fault?.code !== 'unavailable') logger.error({ err: error, path }, 'a call of an agent failed');
  return refusalStatus(
    'plane-busy',
    fault?.code === 'unavailable' ? fault.message : 'something went wrong on our side',
  );
};

/** A method that needs no certificate. */
export const forAnyone = <In, Out>(
  work: (request: In, call: ServerUnaryCall<In, Out>) => Promise<Out>,
  logger: Logger,
): Guarded<In, Out> => ({
  access: 'anyone',
  serve: (call, done) => {
    work(call.request, call).then(
      (out) => done(null, out),
      (error: unknown) => done(trouble(error, logger, call.getPath())),
    );
  },
});

export interface AgentGuard {
  readonly gatekeeper: Gatekeeper;
  readonly limit: RateLimit;
  readonly logger: Logger;
}

/** A method for whoever has a certificate of ours that is valid now. */
export const forAgents = <In, Out>(
  { gatekeeper, limit, logger }: AgentGuard,
  work: (request: In, peer: Peer) => Promise<Out>,
): Guarded<In, Out> => ({
  access: 'any agent',
  serve: (call, done) => {
    const answer = async (): Promise<Out> => {
      const admission = await gatekeeper.admit(call);
      if (!admission.admitted) throw new Refused(admission.refusal, admission.details);
      if (!limit.allows(keyText(keyOf(admission.peer.identity))))
        throw new Refused('rate-exceeded', 'too many calls; slow down');
      return work(call.request, admission.peer);
    };
    answer().then(
      (out) => done(null, out),
      (error: unknown) => done(trouble(error, logger, call.getPath())),
    );
  },
});

/** The stream of one kind of agent. */
export const streamOf = (streams: AgentStreams, kind: AgentKind): Guarded<Envelope, Envelope> => ({
  access: kind,
  serve: (call: ServerDuplexStream<Envelope, Envelope>) => void streams.take(call, kind),
});
