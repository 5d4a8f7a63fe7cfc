import { Metadata, status } from '@grpc/grpc-js';
import { type RefusalCode, refusalMetadataKey } from '@runos/agent-protocol';
import { faultOf, internalError } from '@runos/kernel';
import type { AgentLog } from '../agents/agent-log.js';

/** A call or stream is refused with a code that the agent can act on. */
export class CallRefusal extends Error {
  override readonly name = 'CallRefusal';

  constructor(
    readonly code: RefusalCode,
    details: string,
  ) {
    super(details);
  }
}

/** Agents that do not know the refusal codes act on the gRPC status. */
const grpcStatusOf = {
  'registration-refused': status.UNAUTHENTICATED,
  'certificate-unknown': status.UNAUTHENTICATED,
  'certificate-revoked': status.UNAUTHENTICATED,
  'agent-kind-mismatch': status.PERMISSION_DENIED,
  'duplicate-identity': status.PERMISSION_DENIED,
  'request-invalid': status.INVALID_ARGUMENT,
  'not-offered': status.FAILED_PRECONDITION,
  'stream-replaced': status.ABORTED,
  'rate-exceeded': status.RESOURCE_EXHAUSTED,
  'plane-busy': status.UNAVAILABLE,
  'plane-stopping': status.UNAVAILABLE,
  // Not INTERNAL: agents that do not know the code must retry.
  internal: status.UNAVAILABLE,
} satisfies Record<RefusalCode, status>;

/** A refusal as gRPC sends it. */
export function refusalStatus(code: RefusalCode, details: string) {
  const metadata = new Metadata();
  metadata.set(refusalMetadataKey, code);
  return { code: grpcStatusOf[code], details, metadata };
}

/** The gRPC status of a failed call. The agent sees the message of refusals and of outages, nothing of other errors. */
export function statusOfError(error: unknown, log: AgentLog, path: string) {
  if (error instanceof CallRefusal) return refusalStatus(error.code, error.message);
  const fault = faultOf(error);
  if (fault?.code === 'unavailable') return refusalStatus('plane-busy', fault.message);
  log.writeUnknown('error', { err: error, path }, 'agent call failed');
  return refusalStatus('internal', internalError().message);
}
