import { type ApiClient, readPlaneInfo, eventually } from '@runos/tool-e2e';

/** How long a service may need to be ready by itself once what it needs is back, ms. */
export const readyWithinMs = 30_000;

/** Resolves with how long it took until these, or all, say that they are ready, ms. @throws Error that names who does not */
export async function allReady(data: string, names?: readonly string[], withinMs = readyWithinMs): Promise<number> {
  const began = Date.now();
  let left: string[] = [];
  try {
    await eventually('every service to be ready', withinMs, async () => {
      left = await unready(data, names);
      return left.length === 0;
    });
  } catch (cause) {
    throw new Error(`not ready ${withinMs / 1_000} s after everything was back: ${left.join('; ')}`, { cause });
  }
  return Date.now() - began;
}

/** Who of these, or of all, does not say that it is ready, and what it says instead. */
export async function unready(data: string, names?: readonly string[]): Promise<string[]> {
  const { ops } = await readPlaneInfo(data);
  return (await Promise.all((names ?? Object.keys(ops)).map((name) => unreadiness(name, ops[name] ?? '')))).flat();
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
