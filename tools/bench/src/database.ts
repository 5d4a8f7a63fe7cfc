import { type Instance, Plane, PlaneClient, valueAt } from '@runos/tool-e2e';
import { buildRealNodes, probeDemoNodes } from '@runos/tool-start';
import { type Finding, numbersOf } from './bench.js';
import { quantile, type Row, stepDurations, table } from './quantiles.js';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** One database until it answers, and one until it is gone, on a loaded machine, ms. */
const jobTimeoutMs = 240_000;
const goal = 1.1;

/**
 * From the accepting HTTP response to the first answer of a new PostgreSQL on real nodes, by `psql` with the answered
 * credentials. The baseline is `kubectl apply` of the same objects, from its start. Both alternate on one cluster.
 */
export async function benchDatabase(args: readonly string[]): Promise<readonly Finding[]> {
  const probe = await probeDemoNodes();
  if (!probe.possible) {
    print(`Skipped: it needs real nodes, and they are not possible here: ${probe.reason}`);
    return [];
  }
  const { count } = numbersOf(args, { count: 5 });
  await buildRealNodes({ onProgress: print });
  const plane = await Plane.create();
  try {
    await plane.start('clusterReady', {}, '--nodes', 'real');
    return await run(await PlaneClient.connect(plane.data), count);
  } finally {
    await plane.remove();
  }
}

async function run(plane: PlaneClient, count: number): Promise<readonly Finding[]> {
  // The first one installs the operator. Its pod has the psql of every measurement.
  const client = await plane.request('postgresql', { name: 'client' });
  await plane.waitForCompletion(client.jobId, jobTimeoutMs);
  const created: number[] = [];
  const applied: number[] = [];
  const jobs: string[] = [];
  const rounds = [...Array(count + 1).keys()];
  for (const round of rounds) {
    const measured: { create?: number; apply?: number } = {};
    // The order alternates, so that a drift of the machine's speed hits both.
    for (const which of round % 2 === 0 ? (['create', 'apply'] as const) : (['apply', 'create'] as const))
      measured[which] = await (which === 'create' ? createOne(plane, client, jobs) : applyOne(plane, client, round));
    print(`  round ${round}: create ${measured.create?.toFixed(0)} ms, kubectl ${measured.apply?.toFixed(0)} ms`);
    if (round === 0) continue; // warm-up
    created.push(measured.create ?? Number.NaN);
    applied.push(measured.apply ?? Number.NaN);
  }
  const rows: Row[] = [
    { what: 'create: accepted → psql answers', figures: created, baseline: applied },
    { what: '  kubectl apply → psql answers', figures: applied },
  ];
  print(`\n${table(rows)}\nWhere a create’s time goes, by the steps of its job:`);
  process.stdout.write(table(await stepDurations(plane, jobs)));
  const [p50, baseline] = [quantile(created, 0.5), quantile(applied, 0.5)];
  return [
    {
      what: 'create postgresql, accepted → psql answers',
      goal: `≤ ${goal} ×`,
      figure: `p50 ${(p50 / 1_000).toFixed(2)} s, ${(p50 / baseline).toFixed(2)} ×`,
      reference: `kubectl apply: p50 ${(baseline / 1_000).toFixed(2)} s`,
      met: p50 <= goal * baseline,
    },
  ];
}

async function createOne(plane: PlaneClient, client: Instance, jobs: string[]): Promise<number> {
  const instance = await plane.request('postgresql', { name: 'bench' });
  const accepted = performance.now();
  const { body } = await plane.api.get(`${instance.path}/credentials`);
  await firstAnswer(plane, client, String(body['url']));
  const ms = performance.now() - accepted;
  await plane.waitForCompletion(instance.jobId, jobTimeoutMs);
  jobs.push(instance.jobId);
  const deleted = await plane.api.delete(instance.path);
  await plane.waitForCompletion(deleted.body['jobId'], jobTimeoutMs);
  return ms;
}

/** The objects of the first instance under another name. */
async function applyOne(plane: PlaneClient, client: Instance, round: number): Promise<number> {
  const name = `postgresql-base${round}`;
  const renamed = (value: unknown): string => JSON.stringify(value).replaceAll(client.osid, name);
  const objects = JSON.parse(renamed(await plane.bundle(client.osid)).replaceAll('"runos"', '"baseline"')) as unknown[];
  const { body } = await plane.api.get(`${client.path}/credentials`);
  const url = JSON.parse(renamed(body['url'])) as string;
  const before = performance.now();
  await plane.kubectl.apply(objects, 'baseline');
  await firstAnswer(plane, client, url);
  const ms = performance.now() - before;
  await plane.kubectl.run(['delete', 'namespace', name, '--timeout=4m']);
  return ms;
}

/** Resolves when psql has an answer. It runs in a loop of a pod, because each `kubectl exec` costs a tenth of a second. */
async function firstAnswer({ kubectl }: PlaneClient, client: Instance, url: string): Promise<void> {
  const live = await kubectl.get('clusters.postgresql.cnpg.io', client.osid, client.osid);
  const pod = String(valueAt(live, 'status', 'currentPrimary'));
  const loop = 'until PGCONNECT_TIMEOUT=1 psql "$0" -qAtc "SELECT 1" >/dev/null 2>&1; do sleep 0.05; done';
  const limited = ['timeout', String(jobTimeoutMs / 1_000), 'sh', '-c', loop, url];
  await kubectl.run(['exec', pod, '-n', client.osid, '-c', 'postgres', '--', ...limited]);
}
