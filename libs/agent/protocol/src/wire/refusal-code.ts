import type { Metadata } from '@grpc/grpc-js';

/** The codes with which the server refuses a call or closes a stream. Agents act on them. */
export const refusalCodes = [
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

export type RefusalCode = (typeof refusalCodes)[number];

/** The trailer that contains the code. Agents that do not know it act on the gRPC status alone. */
export const refusalMetadataKey = 'runos-refusal';

/** The code of a gRPC error or status; `unrecognised` for a code of a newer server. */
export function refusalCodeOf(metadata: Metadata | undefined): RefusalCode | 'unrecognised' | undefined {
  const [value] = metadata?.get(refusalMetadataKey) ?? [];
  if (value === undefined) return undefined;
  return refusalCodes.find((code) => code === value) ?? 'unrecognised';
}
