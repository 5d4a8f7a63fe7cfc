import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { identify, waitUntil } from '@runos/testing-process';
import { kubeRequest } from './kube-request.js';
import { type RunningCluster, startCluster } from './start-cluster.js';

describe('a persistent cluster', () => {
  let dataDir: string;
  let cluster: RunningCluster | undefined;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'runos-kube-spec-'));
  });
  afterEach(async () => {
    await cluster?.stop();
    cluster = undefined;
    rmSync(dataDir, { recursive: true, force: true });
  });
  const start = async (events?: string[]): Promise<RunningCluster> =>
    (cluster = await startCluster({ dataDir, persistent: true, onEvent: (line) => events?.push(line) }));
  const there = async (): Promise<number> =>
    (await kubeRequest(cluster as RunningCluster, '/api/v1/namespaces/kept')).status;
  const makeNamespace = (): Promise<unknown> =>
    kubeRequest(cluster as RunningCluster, '/api/v1/namespaces', {
      method: 'POST',
      body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } }),
    });

  it('resumes with its data, its address and its credentials', async () => {
    const first = await start();
    await makeNamespace();
    await first.stop();
    const second = await start();
    expect([second.server, second.token, second.ca]).toEqual([first.server, first.token, first.ca]);
    expect(await there()).toBe(200);
  });

  it('leaves no process when its owner is killed, and resumes afterwards', async () => {
    const program = `
      import { startCluster } from ${JSON.stringify(join(import.meta.dirname, '../../dist/index.js'))};
      const { components } = await startCluster({ dataDir: ${JSON.stringify(dataDir)}, persistent: true });
      console.log(JSON.stringify([...components.values()].map(({ pid }) => pid)));
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await start();
    expect(pids.filter((pid) => identify(pid))).toEqual([]);
  });

  it('restarts a component that was killed', async () => {
    const events: string[] = [];
    const { components } = await start(events);
    await makeNamespace();
    const api = components.get('kube-apiserver');
    const died = api?.pid as number;
    process.kill(died, 'SIGKILL');
    await waitUntil(() => api?.pid !== undefined && api.pid !== died, { because: () => 'it stays down' });
    expect(await there()).toBe(200);
    // Other components may detect its end first, and end too.
    expect(events).toContainEqual(expect.stringMatching(/^kube-apiserver ended by SIGKILL, restarting it/));
  });
});
