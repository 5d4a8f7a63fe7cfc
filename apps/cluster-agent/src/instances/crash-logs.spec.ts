import { beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeClient } from '@runos/kube-client';
import { builtInCatalog } from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import { CrashLogs, logReader } from './crash-logs.js';

const fatal = 'FATAL:  "min_wal_size" must be at least twice "wal_segment_size"';

const pod = (status: object): KubeObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'postgresql-x7k2p-1', namespace: 'postgresql-x7k2p', uid: 'u1' },
    status,
  }) as KubeObject;
const crashing = (run: string, message?: string): KubeObject =>
  pod({
    containerStatuses: [
      { name: 'sidecar', state: { running: {} } },
      {
        name: 'postgres',
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, containerID: run, ...(message === undefined ? {} : { message }) } },
      },
    ],
  });

describe('the log of a pod that keeps ending', () => {
  let reads: string[];
  let logs: CrashLogs;
  let log: string | Error;
  beforeEach(() => {
    reads = [];
    log = `LOG:  starting\n${fatal}`;
    logs = new CrashLogs(async ({ name }, container) => {
      reads.push(`${name}/${container.name} ${container.previous ? 'before' : 'now'}`);
      if (log instanceof Error) throw log;
      return log;
    });
  });

  const redact = (text: string) => text.replaceAll('tea-pot-1', '[redacted]');
  const explain = (object: KubeObject, onRead = () => undefined as void) =>
    logs.explain(object, builtInCatalog.healthOf(object), { redact, onRead });
  const messageOf = (...about: Parameters<typeof explain>) => explain(...about).message;
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('is read once per run, and explains the pod from then on', async () => {
    let wasRead = 0;
    expect(messageOf(crashing('a'), () => void (wasRead += 1))).toMatch(/exit code 1\. /);
    messageOf(crashing('a'));
    await settled();
    expect([reads, wasRead]).toEqual([['postgresql-x7k2p-1/postgres before'], 1]);
    expect(messageOf(crashing('a'))).toContain('at least twice');
    // The next run has ended: the earlier cause is shown until its log is read, and no report repeats it.
    expect(messageOf(crashing('b'), () => void (wasRead += 1))).toContain('at least twice');
    await settled();
    expect([reads.length, wasRead]).toEqual([2, 1]);
  });

  it('is read of a pod that has failed for good', async () => {
    const failed = pod({
      phase: 'Failed',
      containerStatuses: [{ name: 'initdb', state: { terminated: { exitCode: 1 } } }],
    });
    messageOf(failed);
    await settled();
    expect(reads).toEqual(['postgresql-x7k2p-1/initdb now']);
    expect(messageOf(failed)).toContain('at least twice');
  });

  it('is not read where a termination message states why, nor of a pod that runs', () => {
    expect(messageOf(crashing('a', fatal))).toContain('at least twice');
    messageOf(pod({ phase: 'Running', containerStatuses: [{ name: 'postgres', state: { running: {} } }] }));
    expect(reads).toEqual([]);
  });

  it('is quoted by its last lines, without secret values', async () => {
    log = ['starting', 'GET /?token=tea-pot-1', 'Error: no such table'].join('\n');
    explain(crashing('a'));
    await settled();
    const health = explain(crashing('a'));
    expect(health.log).toEqual(['starting', 'GET /?token=[redacted]', 'Error: no such table']);
    expect(health.message).toBe(builtInCatalog.healthOf(crashing('a')).message);
    expect(explain(crashing('a', 'panic: tea-pot-1\n')).log).toEqual(['panic: [redacted]']);
  });

  it('is quoted without a value that has become secret since it was read', async () => {
    log = 'FATAL:  no role "tea-pot-2"';
    explain(crashing('a'));
    await settled();
    const rotated = { redact: (text: string) => text.replaceAll('tea-pot-2', '[redacted]'), onRead: () => undefined };
    const explained = (use: Parameters<CrashLogs['explain']>[2]) =>
      JSON.stringify(logs.explain(crashing('a'), builtInCatalog.healthOf(crashing('a')), use));
    expect(explained({ ...rotated, redact })).toContain('tea-pot-2');
    expect(explained(rotated)).toContain('[redacted]');
    expect(explained(rotated)).not.toContain('tea-pot-2');
    expect(reads).toHaveLength(1);
  });

  it('is the same after a run that only differs in numbers', async () => {
    let wasRead = 0;
    const onRead = () => void (wasRead += 1);
    log = '10:00:01 [7] no such table';
    explain(crashing('a'), onRead);
    await settled();
    log = '10:00:42 [9] no such table';
    explain(crashing('b'), onRead);
    await settled();
    expect([reads.length, wasRead, explain(crashing('b')).log]).toEqual([2, 1, ['10:00:01 [7] no such table']]);
  });

  it('is that of the container that is not ready', async () => {
    const ended = { terminated: { exitCode: 1, containerID: 'a' } };
    const both = crashing('b');
    const [sidecar, server] = (both['status'] as { containerStatuses: object[] }).containerStatuses;
    explain(pod({ containerStatuses: [{ ...sidecar, ready: true, lastState: ended }, server] }));
    await settled();
    expect(reads).toEqual(['postgresql-x7k2p-1/postgres before']);
  });

  it('may be unreadable: the pod stays as it is', async () => {
    log = new Error('pods "x" is forbidden');
    messageOf(crashing('a'));
    await settled();
    expect(messageOf(crashing('a'))).toMatch(/exit code 1\. /);
    expect(reads).toHaveLength(1);
  });

  it('is forgotten with its pod', async () => {
    messageOf(crashing('a'));
    await settled();
    logs.remove(crashing('a'));
    expect(messageOf(crashing('a'))).toMatch(/exit code 1\. /);
    await settled();
    expect(reads).toHaveLength(2);
  });
});

describe('a log that is read', () => {
  const readOf = (...lines: string[]) => {
    const transport = {
      async *streamLines() {
        yield* lines;
      },
    };
    const client = { mapper: { path: () => Promise.resolve('/pods/p') }, transport } as unknown as KubeClient;
    const ref = { apiVersion: 'v1', kind: 'Pod', namespace: 'n', name: 'p' };
    return logReader(client)(ref, { name: 'postgres', previous: true, run: 'a' });
  };

  it('keeps its last lines', async () => {
    const line = 'x'.repeat(30_000);
    expect(await readOf('first', line, line, fatal)).toBe(['first', line, line, fatal].join('\n'));
    expect(await readOf('first', line, line, line, fatal)).toBe([line, line, fatal].join('\n'));
  });

  it('keeps the beginning of a line that is longer than all that is kept', async () => {
    const line = `${fatal} ${'x'.repeat(100_000)}`;
    expect(await readOf('first', line)).toBe(line.slice(0, 65_536));
  });
});
