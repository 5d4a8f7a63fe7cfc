import {
  type MethodDefinition,
  Server,
  type ServerCredentials,
  type ServerOptions,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Guarded, Handlers } from './guarded.js';

export interface AgentPortOptions<Service> {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly credentials: ServerCredentials;
  readonly service: Service;
  readonly handlers: Handlers<Service>;
  readonly maxMessageBytes: number;
}

export interface AgentPort {
  readonly port: number;
  /** Takes no new calls, lets those that run end for a moment, then cuts them off. */
  stop(): Promise<void>;
}

/** How long a call that runs may go on when the port closes, ms. */
const lastCallsMs = 1_500;

const options = (maxMessageBytes: number): ServerOptions => ({
  'grpc.max_receive_message_length': maxMessageBytes,
  // Agents open one stream and a call now and then.
  'grpc.max_concurrent_streams': 32,
  // Finds out about peers that vanished without a word.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
});

/** Opens one of the two doors to agents. @throws Error when the port cannot be had */
export async function openAgentPort<Service>(asked: AgentPortOptions<Service>): Promise<AgentPort> {
  const server = new Server(options(asked.maxMessageBytes));
  const implementations: UntypedServiceImplementation = {};
  for (const [name, handler] of Object.entries(asked.handlers)) {
    implementations[name] = (handler as Guarded<unknown, unknown>).serve as UntypedServiceImplementation[string];
  }
  server.addService(
    asked.service as unknown as ServiceDefinition & Record<string, MethodDefinition<never, never>>,
    implementations,
  );
  const host = asked.host.includes(':') ? `[${asked.host}]` : asked.host;
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:${asked.port}`, asked.credentials, (error, bound) =>
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
    }, lastCallsMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
