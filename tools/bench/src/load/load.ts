import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface HttpLoad {
  readonly url: string;
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Responses other than 200. */
  readonly failed: number;
}

/** Puts load on a server from another process, so that the measurement does not share a thread with it. */
export async function runLoad(load: HttpLoad): Promise<LoadResult> {
  const child = fork(join(import.meta.dirname, 'main.js'), [JSON.stringify(load)]);
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`the load ended with ${code} and no result`);
  });
  const [result] = (await Promise.race([once(child, 'message'), exit])) as [LoadResult];
  return result;
}

/** The number of concurrent requests, of clients and of bare applies. */
export const concurrency = 16;

/** Runs the work for every item, `concurrency` of them at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const pending = items.values();
  const worker = async (): Promise<void> => {
    for (const item of pending) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
