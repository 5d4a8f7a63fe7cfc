import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildToolbox, startCluster } from '@runos/testing-kube';
import { removePostgresData, startPostgres } from '@runos/testing-postgres';

export interface TestServers {
  /** How the tests find them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends them and removes their data. */
  stop(): Promise<void>;
}

/**
 * One PostgreSQL and one Kubernetes for every test of a run. They listen on free ports and keep their data in a
 * temporary folder, so that a plane that is up is none of their business. The first call on a machine builds
 * Kubernetes, which takes minutes; `say` is told how it goes.
 */
export async function startTestServers(say: (line: string) => void, signal: AbortSignal): Promise<TestServers> {
  await buildToolbox({ onProgress: say, signal });
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
