import { finished, type Readable } from 'node:stream';

/** The bytes that wait for the consumer before the body is paused. */
const maxGatheredBytes = 64 * 1024;

/**
 * The bytes of a body; those that have arrived since the last step together. An API server sends each line of a followed
 * log as a chunk of its own. One step of an iterator for each costs more than all else that is done with a line. With
 * `gatherMs`, a chunk waits so long for others. Lines that a node sends one by one rarely arrive in the same turn of the
 * event loop. Bounded: a consumer that takes nothing pauses the body. Destroys it when the consumer stops.
 * @throws its error
 */
export async function* gatherChunks(body: Readable, gatherMs = 0): AsyncGenerator<Buffer> {
  let [chunks, bytes, hasEnded]: [Buffer[], number, boolean] = [[], 0, false];
  let failure: Error | null | undefined;
  let wake: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isReady = false;
  // Chunks that arrive in the same turn of the event loop are taken together.
  const deliver = (): void => {
    clearTimeout(timer);
    timer = undefined;
    isReady = true;
    if (wake !== undefined) setImmediate(wake);
    wake = undefined;
  };
  finished(body, { writable: false }, (error) => {
    [hasEnded, failure] = [true, error];
    deliver();
  });
  body.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxGatheredBytes) body.pause();
    if (gatherMs === 0 || bytes >= maxGatheredBytes) deliver();
    else timer ??= setTimeout(deliver, gatherMs);
  });
  try {
    for (;;) {
      if (!isReady && !hasEnded) await new Promise<void>((resolve) => (wake = resolve));
      if (chunks.length > 0) {
        const gathered = Buffer.concat(chunks, bytes);
        [chunks, bytes, isReady] = [[], 0, false];
        clearTimeout(timer);
        timer = undefined;
        body.resume();
        yield gathered;
      } else if (hasEnded) {
        if (failure) throw failure;
        return;
      }
    }
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
}
