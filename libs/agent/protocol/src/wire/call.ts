import { type Client, type ClientDuplexStream, Metadata, type MethodDefinition } from '@grpc/grpc-js';

/**
 * One question and its answer, within `deadlineMs`, given up when `signal` aborts.
 * Rejects with grpc-js's ServiceError, whose metadata may hold a refusal (`refusalOf`).
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
        signal?.removeEventListener('abort', giveUp);
        if (error === null && out !== undefined) resolve(out);
        else reject(error ?? new Error(`${path} answered nothing`));
      },
    );
    const giveUp = (): void => call.cancel();
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** Both directions at once, until either side ends it. */
export const openStream = <In, Out>(client: Client, method: MethodDefinition<In, Out>): ClientDuplexStream<In, Out> =>
  client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
