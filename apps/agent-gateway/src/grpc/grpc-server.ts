import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  type ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerOptions,
  type ServerUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { AgentKind } from '@runos/agent-protocol';
import type { AgentLog } from '../agents/agent-log.js';
import { statusOfError } from './call-refusal.js';
import type { ConnectionLimit } from '@runos/security';
import { ConnectionListener } from './connection-listener.js';

/** The callers of a method. Every handler declares them, because a handler can only be made with them. */
export type MethodAccess = 'anyone' | 'any agent' | AgentKind;

export interface CallHandler<In, Out> {
  readonly access: MethodAccess;
  readonly serve: handleUnaryCall<In, Out> | handleBidiStreamingCall<In, Out>;
}

/** The handlers of a service. A method without one answers UNIMPLEMENTED. */
export type CallHandlers<Service> = {
  readonly [M in keyof Service]?: Service[M] extends MethodDefinition<infer In, infer Out>
    ? CallHandler<In, Out>
    : never;
};

/** A unary method whose result or error becomes the answer. */
export const unaryHandler = <In, Out>(
  access: MethodAccess,
  log: AgentLog,
  handle: (call: ServerUnaryCall<In, Out>) => Promise<Out>,
): CallHandler<In, Out> => ({
  access,
  serve: (call, done) => {
    handle(call).then(
      (out) => done(null, out),
      (error: unknown) => done(statusOfError(error, log, call.getPath())),
    );
  },
});

export interface GrpcServerOptions<Service> {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Addresses and CIDR ranges of balancers that send the header of the PROXY protocol. */
  readonly balancers: readonly string[];
  readonly credentials: ServerCredentials;
  readonly service: Service;
  readonly handlers: CallHandlers<Service>;
  readonly maxMessageBytes: number;
  readonly connections: ConnectionLimit;
  readonly timeouts: ConnectionTimeouts;
}

export interface ConnectionTimeouts {
  /** Without a call, ms. */
  readonly idleMs: number;
  /** In any case, ms. Absent: without a limit. */
  readonly maxAgeMs?: number;
}

export interface GrpcServer {
  readonly port: number;
  /** Accepts no new calls, waits for running calls for a short time, then cancels them. */
  stop(): Promise<void>;
}

/** Running calls get this much time when the server stops, ms. */
const drainTimeoutMs = 1_500;
/** Calls of a connection that has reached its greatest age get this much time, ms. */
const ageGraceMs = 5_000;

const optionsOf = (
  maxMessageBytes: number,
  { idleMs, maxAgeMs }: ConnectionTimeouts,
  interceptors: ServerInterceptor[],
): ServerOptions => ({
  interceptors,
  'grpc.max_connection_idle_ms': idleMs,
  ...(maxAgeMs === undefined
    ? {}
    : { 'grpc.max_connection_age_ms': maxAgeMs, 'grpc.max_connection_age_grace_ms': ageGraceMs }),
  'grpc.max_receive_message_length': maxMessageBytes,
  // An agent opens one stream and few calls.
  'grpc.max_concurrent_streams': 32,
  // Detects half-open connections.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
});

/** Serves one of the two agent ports. @throws Error when the port is not free */
export async function startGrpcServer<Service>(options: GrpcServerOptions<Service>): Promise<GrpcServer> {
  const { host, port, balancers, credentials, maxMessageBytes, connections, timeouts } = options;
  const listener: ConnectionListener = new ConnectionListener({
    host,
    port,
    balancers,
    connections,
    onConnection: (socket) => injector.injectConnection(socket),
  });
  const server = new Server(
    optionsOf(maxMessageBytes, timeouts, balancers.length === 0 ? [] : [namingClients(listener)]),
  );
  const injector = server.createConnectionInjector(credentials);
  const implementations: UntypedServiceImplementation = {};
  for (const [name, handler] of Object.entries(options.handlers)) {
    implementations[name] = (handler as CallHandler<unknown, unknown>).serve as UntypedServiceImplementation[string];
  }
  server.addService(
    options.service as unknown as ServiceDefinition & Record<string, MethodDefinition<never, never>>,
    implementations,
  );
  return {
    port: await listener.listen(),
    stop: async () => {
      listener.stop();
      await stop(server);
      listener.destroy();
    },
  };
}

/** Names the client of a call as its peer, where the connection comes from a balancer. */
const namingClients =
  (listener: ConnectionListener): ServerInterceptor =>
  (_, call) => {
    const named = new ServerInterceptingCall(call);
    named.getPeer = () => listener.clientOf(call.getPeer());
    return named;
  };

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, drainTimeoutMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
