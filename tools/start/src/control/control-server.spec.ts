import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { identify, startChild } from '@runos/testing-process';
import { Builds } from '../services/builds.js';
import { controlPlane, type ControlAddress, startControlServer } from './control-server.js';
import { DataFolder } from '../data/data-folder.js';
import { DevFile } from '../data/dev-file.js';
import { repository } from '../options.js';
import { type Layer, Processes } from './processes.js';
import { upgrade } from './upgrade.js';

describe('a running plane', () => {
  let folder: DataFolder;
  let processes: Processes;
  let builds: Builds;
  let endControl: () => Promise<void>;
  const events: string[] = [];
  beforeEach(async () => {
    folder = new DataFolder(mkdtempSync(join(tmpdir(), 'runos-control-')));
    folder.lock();
    processes = new Processes(
      (name, line) => events.push(`${name}: ${line}`),
      () => undefined,
    );
    builds = new Builds('/older');
    endControl = await startControlServer(folder, processes, (name) =>
      upgrade(name, { builds, dev: new DevFile(folder), folder, processes }),
    );
  });
  afterEach(async () => {
    await processes.stopAll();
    await endControl();
    rmSync(folder.path, { recursive: true });
  });
  const sleeper = (name: string, layer: Layer): Promise<void> =>
    processes.run(name, layer, () =>
      startChild({ name, command: 'sleep', args: ['60'], logFile: folder.in('logs', `${name}.log`) }),
    );

  it('stops a process, which stays down until it is started', async () => {
    await sleeper('jobs', 'services');
    const pid = (): number => processes.pids()['jobs'] ?? -1;
    const before = pid();
    expect(await controlPlane(folder, 'stop', 'jobs')).toBe('jobs is stopped, and stays so until it is started.');
    expect([identify(before), processes.pids()]).toEqual([undefined, {}]);
    expect(await controlPlane(folder, 'start', 'jobs')).toBe('jobs runs.');
    expect(identify(pid())).toBeDefined();
    expect(events).toEqual([]);
  });

  it('cuts the connections of endpoints that have a balancer only', async () => {
    let cuts = 0;
    const balancer = { port: 1, cut: () => void (cuts += 1), stop: () => Promise.resolve() };
    processes.addBalancers({ stream: balancer });
    expect(await controlPlane(folder, 'cut', 'stream')).toBe('Every connection at stream is cut.');
    expect(cuts).toBe(1);
    await expect(controlPlane(folder, 'cut', 'api')).rejects.toThrow(
      'There is no balancer at "api"; there are: stream.',
    );
  });

  it('upgrades a process from another build to the one of this checkout, once', async () => {
    const started: string[] = [];
    const begin = (name: string) => () => {
      started.push(builds.checkoutOf(name));
      return startChild({ name, command: 'sleep', args: ['60'], logFile: folder.in('logs', `${name}.log`) });
    };
    await processes.run('catalog-2', 'services', begin('catalog-2'));
    await processes.run('gateway', 'services', begin('gateway'));
    expect(await controlPlane(folder, 'upgrade', 'catalog-2')).toBe(`catalog-2 runs the build of ${repository}.`);
    expect(started).toEqual(['/older', '/older', repository]);
    const again = `catalog-2 runs the build of ${repository} already.`;
    await expect(controlPlane(folder, 'upgrade', 'catalog-2')).rejects.toThrow(again);
    await sleeper('nats', 'stores');
    await expect(controlPlane(folder, 'upgrade', 'nats')).rejects.toThrow(
      'nats belongs to no build: it cannot be upgraded.',
    );
    await expect(controlPlane(folder, 'upgrade', 'jobs')).rejects.toThrow('There is no "jobs" here');
    expect(started).toHaveLength(3);
  });

  it('rejects unknown commands', async () => {
    await sleeper('jobs', 'services');
    await expect(controlPlane(folder, 'toString', 'jobs')).rejects.toThrow(
      'Use: npm run plane -- stop|start|upgrade NAME',
    );
  });

  it('lists the known names when one is wrong', async () => {
    await sleeper('jobs', 'services');
    await sleeper('nats', 'stores');
    await expect(controlPlane(folder, 'stop', 'job')).rejects.toThrow('There is no "job" here; there are: jobs, nats.');
  });

  it('rejects requests without its token', async () => {
    await sleeper('jobs', 'services');
    const { url } = folder.readJson<ControlAddress>('control.json') as ControlAddress;
    const reply = await fetch(`${url}/jobs/stop`, { method: 'POST', headers: { authorization: 'Bearer guess' } });
    expect(reply.status).toBe(401);
    expect(processes.pids()['jobs']).toBeDefined();
  });

  it('is reported in one sentence when it does not run', async () => {
    folder.unlock();
    await expect(controlPlane(folder, 'stop', 'jobs')).rejects.toThrow(`No plane runs on ${folder.path}`);
  });

  it('stops agents before services before stores, and starts nothing afterwards', async () => {
    const order: string[] = [];
    const noted = (name: string, layer: Layer): Promise<void> =>
      processes.run(name, layer, async () => {
        let end: (how: string) => void;
        const ended = new Promise<string>((resolve) => (end = resolve));
        return { pid: process.pid, ended, stop: async () => void (order.push(name), end(name)) };
      });
    await noted('nats', 'stores');
    await noted('jobs', 'services');
    await noted('cluster-agent', 'agents');
    await processes.stopAll();
    expect(order).toEqual(['cluster-agent', 'jobs', 'nats']);
    await expect(noted('late', 'services')).rejects.toThrow('late is not started');
  });
});
