import { type ApiClient, devOf, eventually } from '@runos/tool-e2e';

/** How long a service may need to be ready by itself once what it needs is back, ms. */
export const readyWithinMs = 30_000;

/** Resolves with how long it took until every service says that it is ready, ms. @throws Error that names who does not */
export async function allReady(data: string, withinMs = readyWithinMs): Promise<number> {
  const began = Date.now();
  let unready: string[] = [];
  try {
    await eventually('every service to be ready', withinMs, async () => {
      const { ops } = await devOf(data);
      const answers = await Promise.all(Object.entries(ops).map(([name, url]) => unreadiness(name, url)));
      unready = answers.flat();
      return unready.length === 0;
    });
  } catch (cause) {
    throw new Error(`not ready ${withinMs / 1_000} s after everything was back: ${unready.join('; ')}`, { cause });
  }
  return Date.now() - began;
}

async function unreadiness(name: string, url: string): Promise<string[]> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) });
    return response.ok ? [] : [`${name} ${await response.text()}`];
  } catch (error) {
    return [`${name} ${(error as Error).message}`];
  }
}

/** The cluster's agent is there: what waits for it goes on. */
export const clusterConnected = (api: ApiClient, path: string, withinMs: number): Promise<true> =>
  eventually('the cluster to be connected', withinMs, async () => (await api.get(path)).body['status'] === 'connected');
