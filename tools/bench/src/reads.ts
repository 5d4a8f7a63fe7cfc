import { Plane } from '@runos/tool-e2e';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Finding, numbersOf } from './bench.js';
import { reconcilerUrl, seedInstances } from './fixture/seed-instances.js';
import { type LoadResult, runLoad } from './load/load.js';

const connections = 32;
/** Long enough for V8 to compile the code, of which the gateway runs more than the bare service. */
const warmUpSeconds = 8;

/** Shows and lists through the gateway, compared with a bare Nest and pg service with the same queries. */
export async function benchReads(args: readonly string[]): Promise<readonly Finding[]> {
  const { seconds } = numbersOf(args, { seconds: 8 });
  const plane = await Plane.create();
  try {
    const dev = await plane.start('ready', { RUNOS_READS_PER_MINUTE: '0' }, '--no-cluster');
    const database = reconcilerUrl(dev);
    const { cids, paths } = await seedInstances(dev, database, { clusters: 10, perCluster: 100 });
    const bare = fork(join(import.meta.dirname, 'bare/main.js'), {
      env: { ...process.env, BENCH_DATABASE_URL: database },
    });
    try {
      const [bareUrl] = (await once(bare, 'message')) as [string];
      const measure = async (url: string, requested: readonly string[]): Promise<LoadResult> => {
        const load = { url, paths: requested, connections, headers: { authorization: `Bearer ${dev.token}` } };
        await runLoad({ ...load, seconds: warmUpSeconds });
        return runLoad({ ...load, seconds });
      };
      const findings: Finding[] = [];
      for (const [what, requested] of [
        ['gateway show', paths],
        ['gateway list of 20', [`/${dev.aid}/${cids[0]}/services?limit=20`]],
      ] as const) {
        findings.push(finding(what, await measure(dev.apiUrl, requested), await measure(bareUrl, requested)));
      }
      return findings;
    } finally {
      bare.kill();
    }
  } finally {
    await plane.remove();
  }
}

const describeLoad = ({ perSecond, p50, p99, failed }: LoadResult) =>
  `${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms${failed > 0 ? `, ${failed} failed` : ''}`;

function finding(what: string, own: LoadResult, bare: LoadResult): Finding {
  const [share, times] = [own.perSecond / bare.perSecond, own.p99 / bare.p99];
  return {
    what: `${what}, ${connections} connections`,
    goal: '≥ 0.5 × requests/s, p99 ≤ 3 ×',
    figure: `${describeLoad(own)}: ${share.toFixed(2)} ×, p99 ${times.toFixed(2)} ×`,
    reference: `bare Nest + pg: ${describeLoad(bare)}`,
    met: share >= 0.5 && times <= 3 && own.failed === 0,
  };
}
