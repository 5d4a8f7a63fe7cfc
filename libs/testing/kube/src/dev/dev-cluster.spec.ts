import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { machineTraces, noTraces } from '../nodes/machine-traces.js';
import { onRealNodes } from '../nodes/on-real-nodes.js';
import { DevCluster } from './dev-cluster.js';

jest.setTimeout(240_000);

const main = join(import.meta.dirname, '../../dist/main.js');

onRealNodes(describe)('npm run kube with real nodes', () => {
  let dev: DevCluster;
  beforeEach(() => void (dev = new DevCluster(mkdtempSync(join(tmpdir(), 'runos-kube-dev-')))));
  afterEach(async () => {
    await kube('down');
    rmSync(dev.folder, { recursive: true, force: true });
  });

  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [main, ...args], {
      env: { ...process.env, RUNOS_KUBE_DEV: dev.folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const kube = async (...args: string[]): Promise<string> => {
    const child = start(...args);
    return child.stdout ? text(child.stdout) : '';
  };
  /** The number in the file of the cluster's index, once it is written. */
  const index = (): number =>
    JSON.parse(readFileSync(join(dev.dataDir('real'), 'network-index.json'), 'utf8')) as number;
  const traces = () => machineTraces(index(), dev.dataDir('real'));

  it('starts, reports and stops a cluster, and removes what its killed supervisor left', async () => {
    expect(await kube('up', '--nodes', '1', '--real')).toContain('its nodes are real');
    expect(await kube('status')).toContain(`export KUBECONFIG=${dev.dataDir('real')}`);
    process.kill(dev.state()?.supervisor.pid ?? 0, 'SIGKILL');
    expect(await kube('down')).toContain('The development cluster does not run.');
    expect(await traces()).toEqual(noTraces);
  });

  it('removes what a supervisor left that was killed during its start', async () => {
    const supervisor = start('supervise', '--nodes', '1', '--real');
    const because = (): string => 'no node is being started';
    const hasNode = (): boolean => existsSync(join(dev.dataDir('real'), 'nodes/node-1/ready'));
    await waitUntil(hasNode, { everyMs: 20, because });
    supervisor.kill('SIGKILL');
    await once(supervisor, 'exit');
    await kube('down');
    expect(await traces()).toEqual(noTraces);
  });
});
