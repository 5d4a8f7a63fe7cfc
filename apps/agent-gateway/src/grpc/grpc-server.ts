import {
  type MethodDefinition,
  Server,
  type ServerCredentials,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { CallHandler, CallHandlers } from './call-handler.js';

export interface GrpcServerOptions<Service> {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly service: Service;
  readonly handlers: CallHandlers<Service>;
  readonly maxMessageBytes: number;
}

export interface GrpcServer {
  readonly port: number;
  /** Accepts no new calls, waits for running calls for a short time, then cancels them. */
  stop(): Promise<void>;
}

/** Running calls get this much time when the server stops, ms. */
const drainTimeoutMs = 1_500;

const optionsOf = (maxMessageBytes: number): ServerOptions => ({
  'grpc.max_receive_message_length': maxMessageBytes,
  // An agent opens one stream and few calls.
  'grpc.max_concurrent_streams': 32,
  // Detects half-open connections.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
});

/** Serves one of the two agent ports. @throws Error when the port is not free */
export async function startGrpcServer<Service>(options: GrpcServerOptions<Service>): Promise<GrpcServer> {
  const server = new Server(optionsOf(options.maxMessageBytes));
  const implementations: UntypedServiceImplementation = {};
  for (const [name, handler] of Object.entries(options.handlers)) {
    implementations[name] = (handler as CallHandler<unknown, unknown>).serve as UntypedServiceImplementation[string];
  }
  server.addService(
    options.service as unknown as ServiceDefinition & Record<string, MethodDefinition<never, never>>,
    implementations,
  );
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:${options.port}`, options.credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { port, stop: () => stop(server) };
}

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
