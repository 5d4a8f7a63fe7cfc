import { type ApiClient, readPlaneInfo, eventually } from '@runos/tool-e2e';

/** The time within which a service must be ready after its dependencies are, ms. */
const readyWithinMs = 30_000;

/** Resolves with the time until these services, or all, are ready, ms. @throws Error that names those that are not */
export async function waitUntilReady(
  data: string,
  names?: readonly string[],
  withinMs = readyWithinMs,
): Promise<number> {
  const began = Date.now();
  let left: string[] = [];
  try {
    await eventually(
      'every service to be ready',
      async () => {
        left = await unreadyServices(data, names);
        return left.length === 0;
      },
      withinMs,
    );
  } catch (cause) {
    throw new Error(`not ready ${withinMs / 1_000} s after everything was back: ${left.join('; ')}`, { cause });
  }
  return Date.now() - began;
}

/** Which of these services, or of all, are not ready, with the reason that each reports. */
export async function unreadyServices(data: string, names?: readonly string[]): Promise<string[]> {
  const { ops } = await readPlaneInfo(data);
  return (await Promise.all((names ?? Object.keys(ops)).map((name) => reasonsOf(name, ops[name] ?? '')))).flat();
}

async function reasonsOf(name: string, url: string): Promise<string[]> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) });
    return response.ok ? [] : [`${name} ${await response.text()}`];
  } catch (error) {
    return [`${name} ${(error as Error).message}`];
  }
}

/** Resolves when the cluster's agent is connected. */
export const waitForCluster = (api: ApiClient, path: string, withinMs: number): Promise<true> =>
  eventually('the cluster to be connected', async () => (await api.get(path)).body['status'] === 'connected', withinMs);
