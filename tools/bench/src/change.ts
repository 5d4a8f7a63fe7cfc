import { KubeClient, readKubeconfig } from '@runos/kube-client';
import type { KubeObject } from '@runos/kube-objects';
import type { PlaneClient } from '@runos/tool-e2e';
import { Arrivals, kindsOf } from './arrivals.js';
import type { Finding } from './bench.js';
import { quantile, type Row, stepDurations, table } from './quantiles.js';
import { withPlane } from './with-plane.js';

const warmUps = 5;

/**
 * Measures one change, from the accepting HTTP response to live objects, and a plan of it on the cluster. It creates a
 * valkey and changes one of its numbers. The baseline is `kubectl apply --server-side` of the same objects.
 */
export const benchChange = (args: readonly string[]): Promise<readonly Finding[]> => withPlane(args, 30, run);

async function run(planeClient: PlaneClient, count: number): Promise<readonly Finding[]> {
  const client = new KubeClient(await readKubeconfig(planeClient.info.kubeconfig));
  const first = await planeClient.create('valkey', { name: 'bench' });
  const arrivals = new Arrivals(client, kindsOf(await planeClient.bundle(first.osid)));
  await arrivals.synced();
  try {
    const created: number[] = [];
    const changed: number[] = [];
    const planned: number[] = [];
    const baselineCreated: number[] = [];
    const baselineChanged: number[] = [];
    const jobs: string[] = [];
    for (let round = -warmUps; round < count; round += 1) {
      const create = await createOne(planeClient, arrivals);
      const planMs = await planOne(planeClient, create.path);
      const change = await changeOne(planeClient, arrivals, create.osid, create.path, 600 + round + warmUps);
      const apply = await kubectlTwice(planeClient, create.osid);
      // Nothing is deleted: a terminating namespace costs Kubernetes more than the measured change.
      if (round < 0) continue;
      created.push(create.ms);
      planned.push(planMs);
      changed.push(change.ms);
      jobs.push(create.jobId);
      baselineCreated.push(apply.create);
      baselineChanged.push(apply.change);
    }
    const rows: Row[] = [
      { what: 'create: accepted → all objects live', figures: created, baseline: baselineCreated },
      { what: '  kubectl apply --server-side, new namespace', figures: baselineCreated },
      { what: 'plan of a change on the cluster', figures: planned, baseline: baselineChanged },
      { what: 'change: accepted → object live', figures: changed, baseline: baselineChanged },
      { what: '  kubectl apply --server-side, one number changed', figures: baselineChanged },
    ];
    process.stdout.write(`\n${table(rows)}\nWhere a create’s time goes, by the steps of its job:\n`);
    process.stdout.write(table(await stepDurations(planeClient, jobs)));
    return [
      finding('create, accepted → live', created, baselineCreated),
      finding('plan of a change', planned, baselineChanged),
      finding('change, accepted → live', changed, baselineChanged),
    ];
  } finally {
    await arrivals.stop();
    await client.close();
  }
}

function finding(what: string, figures: readonly number[], baseline: readonly number[]): Finding {
  const [p50, p95, baselineP50] = [quantile(figures, 0.5), quantile(figures, 0.95), quantile(baseline, 0.5)];
  return {
    what,
    goal: 'p50 ≤ 150 ms, p95 ≤ 300 ms, ≤ 0.5 ×',
    figure: `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, ${(p50 / baselineP50).toFixed(2)} ×`,
    reference: `kubectl apply: p50 ${baselineP50.toFixed(0)} ms`,
    met: p50 <= 150 && p95 <= 300 && p50 <= 0.5 * baselineP50,
  };
}

/** The time from the request of a plan to its response, ms. */
async function planOne({ api }: PlaneClient, path: string): Promise<number> {
  const requested = performance.now();
  const { status } = await api.post(`${path}/plan`, { replicas: 2 });
  if (status !== 200) throw new Error(`the plan was answered with ${status}`);
  return performance.now() - requested;
}

async function createOne(planeClient: PlaneClient, arrivals: Arrivals) {
  const instance = await planeClient.request('valkey', { name: 'bench' });
  const accepted = performance.now();
  await planeClient.waitForCompletion(instance.jobId);
  const objects = (await planeClient.bundle(instance.osid)) as unknown as KubeObject[];
  return { ...instance, ms: Math.max(0, arrivals.lastOf(objects) - accepted) };
}

async function changeOne(planeClient: PlaneClient, arrivals: Arrivals, osid: string, path: string, cpuLimitMc: number) {
  const live = arrivals.first(
    ({ kind, metadata, ...object }) =>
      kind === 'StatefulSet' && metadata.name === osid && JSON.stringify(object).includes(`"cpu":"${cpuLimitMc}m"`),
  );
  const { body } = await planeClient.api.patch(path, { cpuLimitMc });
  const accepted = performance.now();
  const ms = Math.max(0, (await live) - accepted);
  await planeClient.waitForCompletion(body['jobId']);
  return { ms };
}

/** The same objects in another namespace by kubectl: created, then one number changed. */
async function kubectlTwice(planeClient: PlaneClient, osid: string): Promise<{ create: number; change: number }> {
  const name = `base-${osid}`;
  const text = JSON.stringify(await planeClient.bundle(osid))
    .replaceAll(osid, name)
    .replaceAll('"runos"', '"baseline"');
  const timed = async (objects: string): Promise<number> => {
    const before = performance.now();
    await planeClient.kubectl.apply(JSON.parse(objects) as unknown[], 'baseline');
    return performance.now() - before;
  };
  const create = await timed(text);
  const change = await timed(text.replace(/"cpu":"6\d\dm"/, '"cpu":"777m"'));
  return { create, change };
}
