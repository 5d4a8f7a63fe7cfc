import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { residentMb } from '@runos/testing-process';
import { eventually, type PlaneClient } from '@runos/tool-e2e';
import { AppUnderTest, provideTestWeb } from './app-under-test.js';
import { FollowedLog } from './followed-log.js';
import { connectToRealPlane, jobTimeoutMs, onDemoNodes } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 120_000);

const replicas = 10;
/** Of each pod: 1 MB per second. */
const linesPerSecond = 1_000;
const lineLength = 1_000;
/** How long the readers are observed after one of them has stopped, and the parts of that time. */
const observedMs = 15_000;
const parts = 5;
/** What each reader has received before that: more than the first chunks. */
const enoughBytes = 500_000;
/**
 * The most by which a process may grow in that time. The pods print 150 MB, which a buffer without a bound would keep for
 * each reader. Garbage of lines that were sent takes up to 110 MB.
 */
const maxGrowthMb = 150;

onDemoNodes('the logs of ten pods that each print 1 MB per second', () => {
  let plane: PlaneClient;
  let app: AppUnderTest;
  const opened: FollowedLog[] = [];
  beforeAll(async () => {
    plane = await connectToRealPlane();
    const image = await provideTestWeb(plane);
    app = await AppUnderTest.create(plane, image, { name: 'real-loud', replicas, deploymentStrategy: 'fast' });
    const variables = { LOG_LINES_PER_SECOND: String(linesPerSecond), LOG_LINE_LENGTH: String(lineLength) };
    await app.completed(await app.setVariables(variables));
  });
  afterAll(async () => {
    for (const reader of opened) reader.stop();
    await app?.delete();
  });

  /** The resident memory of the processes on the way of a log, MB. */
  async function memory(): Promise<Record<string, number>> {
    const { pids } = plane.info;
    const status = "fs.readFileSync('/proc/1/status', 'utf8').match(/VmRSS:\\s+(\\d+)/)[1]";
    const kib = await plane.kubectl.run(['exec', '-n', 'runos', 'deploy/cluster-agent', '--', 'node', '-p', status]);
    return {
      gateway: await residentMb(Number(pids['gateway'])),
      'agent-gateway': await residentMb(Number(pids['agent-gateway'])),
      'cluster-agent': (Number(kib) * 1024) / 1e6,
    };
  }

  /** The streams of logs that the API server serves. */
  async function openStreams(): Promise<number> {
    const metrics = await plane.kubectl.run(['get', '--raw', '/metrics']);
    const lines = metrics.split('\n').filter((line) => line.startsWith('apiserver_longrunning_requests{'));
    const logs = lines.filter((line) => line.includes('subresource="log"'));
    return logs.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  it('reach two readers while a third one has stopped, in bounded memory, and end with their readers', async () => {
    const before = await openStreams();
    const readers = Array.from({ length: 3 }, () => new FollowedLog(plane, `${app.path}/logs?tail=1`, 1_000));
    opened.push(...readers);
    const [stopped, ...others] = readers as [FollowedLog, ...FollowedLog[]];
    await eventually('lines of several pods for each reader', 60_000, async () =>
      readers.every(({ pods, bytes }) => pods.size > 1 && bytes > enoughBytes),
    );
    stopped.pause();
    await sleep(observedMs / parts); // the buffers on the way to it are full now
    const start = await memory();
    const received: number[][] = [];
    for (let part = 0; part < parts; part += 1) {
      const bytes = others.map((reader) => reader.bytes);
      await sleep(observedMs / parts);
      received.push(others.map((reader, index) => reader.bytes - (bytes[index] ?? 0)));
    }
    const end = await memory();
    const rates = received.map((each) => each.map((bytes) => (bytes / 1e6 / (observedMs / parts / 1e3)).toFixed(1)));
    process.stdout.write(
      `MB/s of two readers: ${JSON.stringify(rates)}; MB before and after: ${JSON.stringify([start, end])}\n`,
    );
    for (const bytes of received.flat()) expect(bytes).toBeGreaterThan(0);
    expect(Object.entries(end).filter(([name, mb]) => mb - (start[name] ?? 0) > maxGrowthMb)).toEqual([]);
    expect(await openStreams()).toBeGreaterThan(before);
    for (const reader of readers) reader.stop();
    await Promise.all(readers.map((reader) => reader.ended));
    await eventually('the end of every stream', 30_000, async () => (await openStreams()) <= before);
  });
});
