import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildNodePrograms, buildToolbox, probeRealNodes, startCluster } from '@runos/testing-kube';
import { removePostgresData, startPostgres } from '@runos/testing-postgres';

export interface TestServers {
  /** The variables by which the tests find them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Stops them and removes their data. */
  stop(): Promise<void>;
}

/**
 * Starts one PostgreSQL and one Kubernetes for all tests of a run. They listen on free ports and store their data in a
 * temporary folder, so that a running plane is not affected. The first call on a machine builds Kubernetes, and the
 * programs of real nodes where these are possible, which takes minutes; `print` receives the progress.
 */
export async function startTestServers(print: (line: string) => void, signal: AbortSignal): Promise<TestServers> {
  await buildToolbox({ onProgress: print, signal });
  // Before the tests, whose deadlines a compiler beside them would miss.
  if (probeRealNodes().possible) await buildNodePrograms({ onProgress: print, signal });
  const folder = mkdtempSync(join(tmpdir(), 'runos-test-run-'));
  const stops: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const data = join(folder, 'postgres');
    const postgres = await startPostgres({ dataDir: data, durable: false });
    stops.push(() => removePostgresData(data), postgres.stop);
    const cluster = await startCluster({ dataDir: join(folder, 'kube'), signal });
    stops.push(cluster.stop);
    return {
      environment: { RUNOS_TEST_POSTGRES_URL: postgres.url, RUNOS_TEST_KUBECONFIG: cluster.kubeconfig },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
