import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { residentMb } from '@runos/testing-process';
import { AppUnderTest, eventually, jobTimeoutMs, type PlaneClient, provideTestWeb } from '@runos/tool-e2e';
import { FollowedLog } from './followed-log.js';
import { connectToRealPlane, onDemoNodes } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 240_000);

const replicas = 10;
/** Of each pod: 1 MB per second. */
const variables = { LOG_LINES_PER_SECOND: '1000', LOG_LINE_LENGTH: '1000' };
/** The readers that stop. Several, so that what a buffer without a bound keeps exceeds the garbage of lines that were sent. */
const stopping = 3;
/** What each other reader receives while they have stopped. Their connections and the processes hold at most 4 MB of it. */
const missedMb = 40;
/** The most by which a process may grow meanwhile. Without a bound, it keeps 120 MB. */
const maxGrowthMb = 80;
/** A reader that receives nothing for this long is held back by those that have stopped. */
const silentMs = 120_000;

onDemoNodes('the logs of ten pods that each print 1 MB per second', () => {
  let plane: PlaneClient;
  let app: AppUnderTest;
  const opened: FollowedLog[] = [];
  beforeAll(async () => {
    plane = await connectToRealPlane();
    const image = await provideTestWeb(plane);
    app = await AppUnderTest.create(plane, image, { name: 'real-loud', replicas, deploymentStrategy: 'fast' });
    await app.completed(await app.setVariables(variables));
  });
  afterAll(async () => {
    for (const reader of opened) reader.stop();
    await app?.delete();
  });

  const follow = (count: number): FollowedLog[] => {
    const readers = Array.from({ length: count }, () => new FollowedLog(plane, `${app.path}/logs?tail=1`, 1_000));
    opened.push(...readers);
    return readers;
  };

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

  /** Waits until a reader has received so much, and fails when it receives nothing for `silentMs` before. */
  async function receives(reader: FollowedLog, mb: number): Promise<void> {
    for (const until = reader.bytes + mb * 1e6; reader.bytes < until;) {
      const before = reader.bytes;
      const some = Math.min(until, before + 1e6);
      await eventually('the next lines of a reader', async () => reader.bytes >= some, silentMs);
    }
  }

  it('reach two readers while others have stopped, in bounded memory, and end with their readers', async () => {
    const before = await openStreams();
    const pods = await app.pods();
    expect(pods).toHaveLength(replicas);
    const others = follow(2);
    await eventually(
      'lines of all pods for two readers',
      async () => others.every((reader) => pods.every((pod) => reader.pods.has(pod))),
      120_000,
    );
    const stopped: FollowedLog[] = [];
    // One after another: each costs the agent two connections per pod.
    for (const _ of Array.from({ length: stopping })) {
      const [reader] = follow(1) as [FollowedLog];
      reader.pause(); // after its first chunk
      stopped.push(reader);
      await eventually('a line for a reader that stops', async () => reader.bytes > 0);
    }
    await Promise.all(others.map((reader) => receives(reader, missedMb / 8))); // fills the buffers on the way
    const [start, startedAt] = [await memory(), performance.now()];
    const unread = stopped.map(({ bytes }) => bytes);
    await Promise.all(others.map((reader) => receives(reader, missedMb)));
    const [end, seconds] = [await memory(), (performance.now() - startedAt) / 1e3];
    const rate = (missedMb / seconds).toFixed(1);
    process.stdout.write(`Each reader: ${rate} MB/s; MB before and after: ${JSON.stringify([start, end])}\n`);
    expect(stopped.map(({ bytes }) => bytes)).toEqual(unread);
    expect(Object.entries(end).filter(([name, mb]) => mb - (start[name] ?? 0) > maxGrowthMb)).toEqual([]);
    expect(await openStreams()).toBeGreaterThanOrEqual(before + replicas * opened.length);
    for (const reader of opened) reader.stop();
    await Promise.all(opened.map((reader) => reader.ended));
    await eventually('the end of every stream', async () => (await openStreams()) <= before);
  });
});
