import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import type { TestWebVariables } from '@runos/testing-images';
import { AppUnderTest, Plane, PlaneClient, provideTestWeb } from '@runos/tool-e2e';
import { buildRealNodes, probeDemoNodes } from '@runos/tool-start';
import { type Finding, numbersOf } from './bench.js';
import { quantile } from './quantiles.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const goal = 0.5;
/** A log of which nothing comes for this long has failed, ms. */
const firstChunkMs = 30_000;

/** What the container prints: more than one reader takes on the machines where this was measured. */
const variables = { LOG_LINES_PER_SECOND: '100000', LOG_LINE_LENGTH: '200' } satisfies TestWebVariables;

/** The log that one app prints, which both readers follow in alternation. */
interface FollowedApp {
  readonly osid: string;
  readonly path: string;
  readonly pod: string;
}

/**
 * The throughput of a followed log through the API, as NDJSON, in bytes of its lines without their JSON. The baseline is
 * `kubectl logs -f` of the same container. One reader of one pod runs at a time, the two in alternation, so both have the
 * same load beside them. Only the API's lines have timestamps, which the node adds. It needs real nodes.
 */
export async function benchLogs(args: readonly string[]): Promise<readonly Finding[]> {
  const probe = await probeDemoNodes();
  if (!probe.possible) {
    print(`Skipped: it needs real nodes, and they are not possible here: ${probe.reason}`);
    return [];
  }
  const { count, seconds } = numbersOf(args, { count: 5, seconds: 8 });
  await buildRealNodes({ onProgress: print });
  const plane = await Plane.create();
  try {
    await plane.start('clusterReady', {}, '--nodes', 'real');
    return await run(await PlaneClient.connect(plane.data), count, seconds);
  } finally {
    await plane.remove();
  }
}

async function run(plane: PlaneClient, count: number, seconds: number): Promise<readonly Finding[]> {
  const app = await createApp(plane);
  const [api, baseline]: [number[], number[]] = [[], []];
  for (let round = 0; round < count; round += 1) {
    const [own, kubectl] = [await byApi(plane, app, seconds), await byKubectl(plane, app, seconds)];
    print(`  round ${round}: API ${own.toFixed(1)} MB/s, kubectl ${kubectl.toFixed(1)} MB/s`);
    api.push(own);
    baseline.push(kubectl);
  }
  const [p50, baselineP50] = [quantile(api, 0.5), quantile(baseline, 0.5)];
  return [
    {
      what: 'followed log of one pod',
      goal: `≥ ${goal} ×`,
      figure: `p50 ${p50.toFixed(1)} MB/s, ${(p50 / baselineP50).toFixed(2)} ×`,
      reference: `kubectl logs -f: p50 ${baselineP50.toFixed(1)} MB/s`,
      met: p50 >= goal * baselineP50,
    },
  ];
}

async function createApp(plane: PlaneClient): Promise<FollowedApp> {
  const app = await AppUnderTest.create(plane, await provideTestWeb(plane), { name: 'bench' });
  await app.completed(await app.setVariables(variables));
  const [pod = ''] = await app.pods();
  return { osid: app.osid, path: app.path, pod };
}

/** MB of lines per second. */
async function byApi({ api }: PlaneClient, { path, pod }: FollowedApp, seconds: number): Promise<number> {
  const stopping = new AbortController();
  const headers = { authorization: `Bearer ${api.token}`, accept: 'application/x-ndjson' };
  const url = `${api.url}${path}/logs?tail=1&pod=${pod}`;
  const response = await fetch(url, { headers, signal: stopping.signal });
  if (!response.body) throw new Error(`${url} answered ${response.status}`);
  const body = Readable.fromWeb(response.body);
  try {
    const { bytes, lines, first, ms } = await received(body, seconds);
    const { message } = JSON.parse(first) as { readonly message: string };
    return (bytes - lines * (first.length - message.length)) / 1e3 / ms;
  } finally {
    body.on('error', () => undefined);
    stopping.abort();
  }
}

/** MB of lines per second. */
async function byKubectl({ kubectl }: PlaneClient, { osid, pod }: FollowedApp, seconds: number): Promise<number> {
  const args = ['--kubeconfig', kubectl.kubeconfig, 'logs', '-f', '--tail=1', '-n', osid, pod];
  const child = spawn(kubectl.command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const { bytes, ms } = await received(child.stdout, seconds);
    return bytes / 1e3 / ms;
  } finally {
    child.kill();
  }
}

/**
 * Reads for some seconds from the first chunk on, which is not counted. Parses nothing but the first line. The time without
 * lines at the end counts too. @throws Error if nothing comes in time, or the log ends
 */
async function received(body: Readable, seconds: number) {
  let [bytes, lines, first] = [0, 0, ''];
  let startedAt: number | undefined;
  let isOver = false;
  const stop = () => {
    isOver = true;
    body.destroy();
  };
  let timer = setTimeout(stop, firstChunkMs);
  try {
    for await (const chunk of body) {
      const text = Buffer.from(chunk as Uint8Array);
      if (startedAt === undefined) {
        startedAt = performance.now();
        first = text.toString('utf8').split('\n', 1)[0] ?? '';
        clearTimeout(timer);
        timer = setTimeout(stop, seconds * 1e3);
        continue;
      }
      bytes += text.length;
      for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, end + 1)) lines += 1;
    }
  } catch (error) {
    if (!isOver) throw error;
  } finally {
    clearTimeout(timer);
  }
  if (startedAt === undefined) throw new Error(`no line came within ${firstChunkMs} ms`);
  if (!isOver) throw new Error(`the log ended after ${bytes} bytes`);
  return { bytes, lines, first, ms: performance.now() - startedAt };
}
