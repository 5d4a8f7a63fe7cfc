import { setTimeout as delay } from 'node:timers/promises';
import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { applyWaves, type KubeObject, managedSelector } from '@runos/kube-objects';
import { Plane, unlimited, World } from '@runos/tool-e2e';
import { askPlane, DataFolder } from '@runos/tool-start';
import { type Kind, kindsOf } from './arrivals.js';
import type { Finding } from './finding.js';
import { abreast, inParallel } from './in-parallel.js';
import { numbersOf } from './numbers-of.js';

/** What was just asked for keeps the plane and the controllers busy for a moment: none of that is measured. */
const restMs = 3_000;

/** How long after the last object the end is noticed at most, ms. */
const countEveryMs = 100;

/**
 * A thousand services that were asked for while the agent was away, beside bare applies of the same objects, in turns:
 * the best of each counts, for whatever else the machine did made only the others slower.
 */
export async function benchThousand(args: readonly string[]): Promise<readonly Finding[]> {
  const { instances: count, rounds } = numbersOf(args, { instances: 1_000, rounds: 3 });
  const [yards, all]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    yards.push(await onFreshPlane((world, client) => bareApplies(world, client, count)));
    all.push(await onFreshPlane((world, client, data) => byTheAgent(world, client, data, count)));
  }
  const [yard, ours] = [Math.min(...yards), Math.min(...all)];
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
    const client = new KubeClient(await readKubeconfig(world.dev.kubeconfig), { connections: abreast });
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
  const bundle = (await world.bundle(sample.osid)) as unknown as KubeObject[];
  const last = applyWaves(bundle).at(-1) ?? [];
  const folder = new DataFolder(data);
  await askPlane(folder, 'stop', 'cluster-agent');
  await inParallel(
    Array.from({ length: count }, (_, n) => n),
    (n) => world.ask('valkey', { name: `bench-${n}` }),
  );
  await delay(restMs);
  const began = performance.now();
  await askPlane(folder, 'start', 'cluster-agent');
  for (const kind of kindsOf(last)) await untilCounted(client, kind, (count + 1) * countOf(last, kind));
  const tookMs = performance.now() - began;
  const wanted = (count + 1) * bundle.length;
  const lists = kindsOf(bundle).map((kind) => client.list({ ...kind, labelSelector: managedSelector }));
  const live = (await Promise.all(lists)).flat().length;
  if (live < wanted) throw new Error(`${live} of ${wanted} objects are live`);
  return tookMs;
}

const countOf = (objects: readonly KubeObject[], { kind }: Kind): number =>
  objects.filter((object) => object.kind === kind).length;

/** Asks for the number only: a watch would cost the API server, and this process, what the bare applies do not pay. */
async function untilCounted(client: KubeClient, kind: Kind, wanted: number): Promise<void> {
  const path = await client.mapper.path(kind);
  for (let found = 0; found < wanted; await delay(countEveryMs)) {
    const { items, metadata } = await client.transport.send<Counted>({ method: 'GET', path, query: { limit: 1 } });
    found = items.length + (metadata.remainingItemCount ?? 0);
  }
}

interface Counted {
  readonly items: readonly unknown[];
  readonly metadata: { readonly remainingItemCount?: number };
}

/** The same objects under other names: all namespaces, then all that is in them. */
async function bareApplies(world: World, client: KubeClient, count: number): Promise<number> {
  const { osid } = await world.create('valkey', { name: 'sample' });
  const text = JSON.stringify(await world.bundle(osid)).replaceAll('"runos"', '"yardstick"');
  const names = Array.from({ length: count }, (_, n) => `yard-${String(n).padStart(5, '0')}`);
  const objects = names.flatMap((name) => JSON.parse(text.replaceAll(osid, name)) as KubeObject[]);
  const apply = (object: KubeObject) => client.apply(object, { fieldManager: 'yardstick' });
  await delay(restMs);
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
