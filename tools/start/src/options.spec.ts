import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { defaultData, parseOptions, repository, usage } from './options.js';

describe('the options of npm start', () => {
  it('are optional', () => {
    expect(parseOptions([])).toEqual({
      port: 3025,
      agentPorts: { register: 9191, stream: 9192 },
      data: defaultData,
      replicas: 1,
      balanced: false,
      environments: {},
      from: repository,
      cluster: 'demo',
      nodes: 'auto',
    });
    expect(defaultData).toMatch(/\/\.runos$/);
  });

  it('are read, with free ports and relative paths', () => {
    const given = parseOptions(['--port', '0', '--agent-ports', '0,0', '--data', '/tmp/x', '--kubeconfig', '/etc/k']);
    expect(given).toEqual({
      port: 0,
      agentPorts: { register: 0, stream: 0 },
      data: '/tmp/x',
      replicas: 1,
      balanced: false,
      environments: {},
      from: repository,
      cluster: { kubeconfig: '/etc/k' },
      nodes: 'auto',
    });
    expect(parseOptions(['--no-cluster']).cluster).toBe('none');
    expect(parseOptions(['--replicas', '2'])).toMatchObject({ replicas: 2, balanced: true });
  });

  it('take variables for single replicas', () => {
    const given = ['--replicas', '2', '--env', 'jobs-2:A=1', '--env', 'jobs-2:B=x=y:z', '--env', 'gateway:A='];
    expect(parseOptions(given).environments).toEqual({ 'jobs-2': { A: '1', B: 'x=y:z' }, gateway: { A: '' } });
  });

  it('take variables for the agents of the cluster', () => {
    const given = ['--env', 'cluster-agent:RUNOS_ADDONS=none', '--env', 'node-agent-2:A=1'];
    const environments = { 'cluster-agent': { RUNOS_ADDONS: 'none' }, 'node-agent-2': { A: '1' } };
    expect(parseOptions(given).environments).toEqual(environments);
  });

  it.each([
    [['--env', 'jobs-2:A=1'], '--env jobs-2:A=1: no "jobs-2" is started, only identity, catalog,'],
    [['--env', 'node-agent-3:A=1'], 'cluster-agent, node-agent-1, node-agent-2.'],
    [['--env', 'node-agent-1:A=1', '--kubeconfig', 'x'], 'no "node-agent-1" is started'],
    [['--env', 'cluster-agent:A=1', '--no-cluster'], 'no "cluster-agent" is started'],
    [['--env', 'jobs-2'], '--env jobs-2: use NAME:VARIABLE=VALUE.'],
    [['--replicas', '0'], '--replicas 0: a whole number from 1 to 9.'],
    [['--port', '70000'], '--port 70000: a port is a whole number from 0 to 65535.'],
    [['--port', 'http'], '--port http: a port is'],
    [['--agent-ports', '9191'], '--agent-ports 9191: two ports'],
    [['--agent-ports', '9191,x'], '--agent-ports x: a port is'],
    [['--agent-ports', '3025,9192'], 'three different ports'],
    [['--kubeconfig', 'x', '--no-cluster'], 'not both'],
    [['--nodes', 'kwok'], '--nodes kwok: one of auto, real, simulated.'],
    [['--prot', '1'], "Unknown option '--prot'"],
  ])('are refused in a sentence: %j', (args, sentence) => {
    expect(() => parseOptions(args)).toThrow(sentence);
  });
});

describe('the usage of npm start', () => {
  it.each(['--help', '-h'])('is printed for %s, also beside invalid options', (option) => {
    const main = join(repository, 'tools/start/dist/main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--prot', '1', option], { encoding: 'utf8' });
    expect([status, stdout, stderr]).toEqual([0, `${usage}\n`, '']);
  });

  it('describes every option with its default', () => {
    const lines = usage.split('\n');
    expect(lines).toHaveLength(12);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}--[a-z-]+.* {2}[A-Z].*\.$/);
    expect(usage).toMatch(/--port PORT .* Default: 3025\.\n/);
    expect(usage).toMatch(/--data DIR .* Default: \.runos\.\n/);
    expect(usage).not.toContain(repository);
  });
});
