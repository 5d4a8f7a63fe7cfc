import { type Client, type ClientDuplexStream, Metadata, type MethodDefinition } from '@grpc/grpc-js';

/** The codes with which the server refuses a call or closes a stream. Agents act on them. */
export const refusalCodes = [
  'registration-refused',
  'certificate-unknown',
  'certificate-revoked',
  'agent-kind-mismatch',
  'duplicate-identity',
  'request-invalid',
  'not-offered',
  'stream-replaced',
  'rate-exceeded',
  'plane-busy',
  'plane-stopping',
  'internal',
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

/**
 * Makes one unary call, which ends after `deadlineMs` or when `signal` aborts.
 * Rejects with grpc-js's ServiceError, whose metadata may contain a refusal code (`refusalCodeOf`).
 */
export function callUnary<In, Out>(
  client: Client,
  method: MethodDefinition<In, Out>,
  request: In,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Out> {
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    const options = { deadline: Date.now() + deadlineMs };
    const call = client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
      options,
      (error, out) => {
        signal?.removeEventListener('abort', cancel);
        if (error === null && out !== undefined) resolve(out);
        else reject(error ?? new Error(`${path} returned no message`));
      },
    );
    const cancel = (): void => call.cancel();
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}

/** Opens a bidirectional stream. */
export const openStream = <In, Out>(client: Client, method: MethodDefinition<In, Out>): ClientDuplexStream<In, Out> =>
  client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
