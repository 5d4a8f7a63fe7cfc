import { setTimeout as delay } from 'node:timers/promises';
import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { applyWaves, builtInCatalog } from '@runos/kube-kinds';
import { type KubeObject, managedSelector } from '@runos/kube-objects';
import { Plane, unlimited, PlaneClient } from '@runos/tool-e2e';
import { controlPlane, DataFolder } from '@runos/tool-start';
import { type Kind, kindsOf } from './arrivals.js';
import { type Finding, numbersOf } from './bench.js';
import { concurrency, inParallel } from './load/load.js';

/** A pause for the plane and the controllers after the requests, which is not measured. */
const restMs = 3_000;

/** The longest delay with which the end is detected, ms. */
const countEveryMs = 100;

/**
 * A thousand services that were requested while the agent was disconnected, and bare applies of the same objects, in
 * alternation. The best of each counts, because other load on the machine only makes runs slower.
 */
export async function benchThousand(args: readonly string[]): Promise<readonly Finding[]> {
  const { instances: count, rounds } = numbersOf(args, { instances: 1_000, rounds: 3 });
  const [baselines, all]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    baselines.push(await onFreshPlane((planeClient, client) => bareApplies(planeClient, client, count)));
    all.push(await onFreshPlane((planeClient, client, data) => agentApplies(planeClient, client, data, count)));
  }
  const [baseline, own] = [Math.min(...baselines), Math.min(...all)];
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
  return [
    {
      what: `${count} services, empty → applied`,
      goal: '≤ 1.5 ×',
      figure: `${seconds(own)}, ${(own / baseline).toFixed(2)} ×`,
      reference: `${concurrency} parallel bare applies: ${seconds(baseline)}`,
      met: own <= 1.5 * baseline,
    },
  ];
}

/** Both get their own Kubernetes: remaining objects of one would slow the other down. */
async function onFreshPlane(
  measure: (planeClient: PlaneClient, client: KubeClient, data: string) => Promise<number>,
): Promise<number> {
  const plane = await Plane.create();
  try {
    await plane.start('clusterReady', unlimited);
    const planeClient = await PlaneClient.connect(plane.data);
    const client = new KubeClient(await readKubeconfig(planeClient.info.kubeconfig), { connections: concurrency });
    try {
      return await measure(planeClient, client, plane.data);
    } finally {
      await client.close();
    }
  } finally {
    await plane.remove();
  }
}

/** From the agent's start to the last object of all instances being live, ms. */
async function agentApplies(
  planeClient: PlaneClient,
  client: KubeClient,
  data: string,
  count: number,
): Promise<number> {
  const sample = await planeClient.create('valkey', { name: 'sample' });
  const bundle = (await planeClient.bundle(sample.osid)) as unknown as KubeObject[];
  const last = applyWaves(builtInCatalog, bundle).at(-1) ?? [];
  const folder = new DataFolder(data);
  await controlPlane(folder, 'stop', 'cluster-agent');
  await inParallel(
    Array.from({ length: count }, (_, n) => n),
    (n) => planeClient.request('valkey', { name: `bench-${n}` }),
  );
  await delay(restMs);
  const began = performance.now();
  await controlPlane(folder, 'start', 'cluster-agent');
  for (const kind of kindsOf(last)) await untilCounted(client, kind, (count + 1) * countOf(last, kind));
  const tookMs = performance.now() - began;
  const expected = (count + 1) * bundle.length;
  const lists = kindsOf(bundle).map((kind) => client.list({ ...kind, labelSelector: managedSelector }));
  const live = (await Promise.all(lists)).flat().length;
  if (live < expected) throw new Error(`${live} of ${expected} objects are live`);
  return tookMs;
}

const countOf = (objects: readonly KubeObject[], { kind }: Kind): number =>
  objects.filter((object) => object.kind === kind).length;

/** Reads only the number of objects: a watch would cost the API server and this process more than bare applies. */
async function untilCounted(client: KubeClient, kind: Kind, expected: number): Promise<void> {
  const path = await client.mapper.path(kind);
  for (let found = 0; found < expected; await delay(countEveryMs)) {
    const { items, metadata } = await client.transport.send<Counted>({ method: 'GET', path, query: { limit: 1 } });
    found = items.length + (metadata.remainingItemCount ?? 0);
  }
}

interface Counted {
  readonly items: readonly unknown[];
  readonly metadata: { readonly remainingItemCount?: number };
}

/** The same objects under other names: all namespaces, then their content. */
async function bareApplies(planeClient: PlaneClient, client: KubeClient, count: number): Promise<number> {
  const { osid } = await planeClient.create('valkey', { name: 'sample' });
  const text = JSON.stringify(await planeClient.bundle(osid)).replaceAll('"runos"', '"baseline"');
  const names = Array.from({ length: count }, (_, n) => `base-${String(n).padStart(5, '0')}`);
  const objects = names.flatMap((name) => JSON.parse(text.replaceAll(osid, name)) as KubeObject[]);
  const apply = (object: KubeObject) => client.apply(object, { fieldManager: 'baseline' });
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
