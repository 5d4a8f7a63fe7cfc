import type { handleBidiStreamingCall, handleUnaryCall, MethodDefinition, ServerUnaryCall } from '@grpc/grpc-js';
import type { AgentKind } from '@runos/agent-protocol';
import type { Logger } from '@runos/observability';
import { statusOfError } from './call-refusal.js';

/** The callers of a method. Every handler declares them, because a handler can only be made with them. */
export type Access = 'anyone' | 'any agent' | AgentKind;

export interface CallHandler<In, Out> {
  readonly access: Access;
  readonly serve: handleUnaryCall<In, Out> | handleBidiStreamingCall<In, Out>;
}

/** The handlers of a service. A method without one answers UNIMPLEMENTED. */
export type CallHandlers<Service> = {
  readonly [M in keyof Service]?: Service[M] extends MethodDefinition<infer In, infer Out>
    ? CallHandler<In, Out>
    : never;
};

/** The address without its port. Limits count by it before there is a certificate. */
export const addressOf = (peer: string): string => peer.replace(/:\d+$/, '');

/** A unary method whose result or error becomes the answer. */
export const unaryHandler = <In, Out>(
  access: Access,
  logger: Logger,
  handle: (call: ServerUnaryCall<In, Out>) => Promise<Out>,
): CallHandler<In, Out> => ({
  access,
  serve: (call, done) => {
    handle(call).then(
      (out) => done(null, out),
      (error: unknown) => done(statusOfError(error, logger, call.getPath())),
    );
  },
});
