import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { type KubeObject, managedSelector } from '@runos/kube-objects';
import { Plane, unlimited, World } from '@runos/tool-e2e';
import { askPlane, DataFolder } from '@runos/tool-start';
import { Arrivals } from './arrivals.js';
import type { Finding } from './finding.js';
import { numbersOf } from './numbers-of.js';

/** So many requests are under way at once, of people who ask and of the bare applies. */
const abreast = 16;

/** A thousand services that were asked for while the agent was away, beside bare applies of the same objects. */
export async function benchThousand(args: readonly string[]): Promise<readonly Finding[]> {
  const { instances: count } = numbersOf(args, { instances: 1_000 });
  const yard = await onFreshPlane((world, client) => bareApplies(world, client, count));
  const ours = await onFreshPlane((world, client, data) => byTheAgent(world, client, data, count));
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return [
    {
      what: `${count} services, empty → applied`,
      goal: '≤ 1.5 ×',
      figure: `${seconds(ours)}, ${(ours / yard).toFixed(2)} ×`,
      yardstick: `${abreast} parallel bare applies: ${seconds(yard)}`,
      met: ours <= 1.5 * yard,
    },
  ];
}

/** Both get a Kubernetes of their own: what is left of one would slow the other down. */
async function onFreshPlane(
  measure: (world: World, client: KubeClient, data: string) => Promise<number>,
): Promise<number> {
  const plane = await Plane.create();
  try {
    await plane.start('clusterReady', unlimited);
    const world = await World.of(plane.data);
    const client = new KubeClient(await readKubeconfig(world.dev.kubeconfig), { sockets: abreast });
    try {
      return await measure(world, client, plane.data);
    } finally {
      await client.close();
    }
  } finally {
    await plane.remove();
  }
}

/** From the agent's start to the last object of all instances being live, ms. */
async function byTheAgent(world: World, client: KubeClient, data: string, count: number): Promise<number> {
  const sample = await world.create('valkey', { name: 'sample' });
  const size = (await world.bundle(sample.osid)).length;
  const kinds = await kindsIn(world, sample.osid);
  const workload = kinds.find(({ kind }) => kind === 'StatefulSet')!;
  const folder = new DataFolder(data);
  await askPlane(folder, 'stop', 'cluster-agent');
  await inParallel(
    Array.from({ length: count }, (_, n) => n),
    (n) => world.ask('valkey', { name: `bench-${n}` }),
  );
  // Workloads are applied last; to watch every kind would cost the API server what the bare applies do not pay.
  const arrivals = new Arrivals(client, [workload]);
  await arrivals.synced();
  try {
    const workloads = arrivals.count(count + 1);
    const began = performance.now();
    await askPlane(folder, 'start', 'cluster-agent');
    const tookMs = (await workloads) - began;
    const live = await Promise.all(kinds.map((kind) => client.list({ ...kind, labelSelector: managedSelector })));
    const found = live.flat().length;
    if (found < (count + 1) * size) throw new Error(`${found} of ${(count + 1) * size} objects are live`);
    return tookMs;
  } finally {
    await arrivals.stop();
  }
}

/** The same objects under other names: all namespaces, then all that is in them. */
async function bareApplies(world: World, client: KubeClient, count: number): Promise<number> {
  const { osid } = await world.create('valkey', { name: 'sample' });
  const text = JSON.stringify(await world.bundle(osid)).replaceAll('"runos"', '"yardstick"');
  const names = Array.from({ length: count }, (_, n) => `yard-${String(n).padStart(5, '0')}`);
  const objects = names.flatMap((name) => JSON.parse(text.replaceAll(osid, name)) as KubeObject[]);
  const apply = (object: KubeObject) => client.apply(object, { fieldManager: 'yardstick' });
  const began = performance.now();
  await inParallel(
    objects.filter(({ kind }) => kind === 'Namespace'),
    apply,
  );
  await inParallel(
    objects.filter(({ kind }) => kind !== 'Namespace'),
    apply,
  );
  return performance.now() - began;
}

async function kindsIn(world: World, osid: string): Promise<{ apiVersion: string; kind: string }[]> {
  const bundle = (await world.bundle(osid)) as unknown as KubeObject[];
  return [...new Map(bundle.map(({ apiVersion, kind }) => [kind, { apiVersion, kind }])).values()];
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: abreast }, worker));
}
