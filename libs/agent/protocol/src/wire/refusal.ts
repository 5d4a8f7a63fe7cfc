import type { Metadata } from '@grpc/grpc-js';

/** Why the server turns an agent away, as a word an agent can act on. */
export const refusals = [
  'registration-refused',
  'certificate-unknown',
  'certificate-revoked',
  'agent-kind-mismatch',
  'request-invalid',
  'stream-replaced',
  'rate-exceeded',
  'plane-busy',
  'plane-stopping',
] as const;

export type Refusal = (typeof refusals)[number];

/** The trailer that carries it; agents that do not know it act on the gRPC status alone. */
export const refusalKey = 'runos-refusal';

/** The refusal of a gRPC error or status; `unrecognised` when a newer server gives a reason unknown here. */
export function refusalOf(metadata: Metadata | undefined): Refusal | 'unrecognised' | undefined {
  const [word] = metadata?.get(refusalKey) ?? [];
  if (word === undefined) return undefined;
  return refusals.find((known) => known === word) ?? 'unrecognised';
}
