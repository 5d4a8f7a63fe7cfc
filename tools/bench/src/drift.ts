import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { type KubeObject, refKey, refOf } from '@runos/kube-objects';
import { Plane, PlaneClient } from '@runos/tool-e2e';
import { setTimeout as sleep } from 'node:timers/promises';
import { Arrivals } from './arrivals.js';
import { type Finding, numbersOf } from './bench.js';
import { quantile, table } from './quantiles.js';

const timeoutMs = 30_000;

/** A change of a managed object by another field manager, and the condition that it is repaired. */
interface ForeignChange {
  readonly what: string;
  change(client: KubeClient, object: KubeObject, manager: string): Promise<unknown>;
  isRepaired(object: KubeObject, before: KubeObject): boolean;
}

/** Takes over fields under a new field manager each time, because the agent backs off from conflicting managers. */
const edit = (fields: Record<string, unknown>, isChanged: (object: KubeObject) => boolean): ForeignChange => ({
  what: 'field edited',
  change: (client, { apiVersion, kind, metadata: { name, namespace } }, fieldManager) =>
    client.apply({ apiVersion, kind, metadata: { name, namespace }, ...fields }, { fieldManager }),
  isRepaired: (object) => !isChanged(object),
});

const deletion: ForeignChange = {
  what: 'object deleted',
  change: (client, object) => client.delete(refOf(object)),
  isRepaired: (object, before) => object.metadata.uid !== before.metadata.uid,
};

const replicas = (object: KubeObject): unknown => (object['spec'] as { replicas?: number }).replicas;
const affinity = (object: KubeObject): unknown => (object['spec'] as { sessionAffinity?: string }).sessionAffinity;

const foreignChanges: readonly (readonly [kind: string, ForeignChange])[] = [
  ['StatefulSet', edit({ spec: { replicas: 3 } }, (object) => replicas(object) === 3)],
  ['Service', edit({ spec: { sessionAffinity: 'ClientIP' } }, (object) => affinity(object) === 'ClientIP')],
  ['Service', deletion],
];

/** From an accepted foreign change to its live repair, compared with one bare server-side apply. */
export async function benchDrift(args: readonly string[]): Promise<readonly Finding[]> {
  const { count } = numbersOf(args, { count: 30 });
  const plane = await Plane.create();
  try {
    await plane.start();
    return await run(await PlaneClient.connect(plane.data), count);
  } finally {
    await plane.remove();
  }
}

async function run(planeClient: PlaneClient, count: number): Promise<readonly Finding[]> {
  const client = new KubeClient(await readKubeconfig(planeClient.info.kubeconfig));
  const kinds = [
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
    { apiVersion: 'v1', kind: 'Service' },
  ];
  const arrivals = new Arrivals(client, kinds);
  await arrivals.synced();
  const durations = new Map<string, number[]>();
  const repaired: number[] = [];
  const applied: number[] = [];
  try {
    for (let round = 0; round < count; round += 1) {
      // A new instance each time: a second change of the same field would meet the conflict back-off.
      const { osid } = await planeClient.create('valkey', { name: `drift-${round}` });
      for (const [kind, foreignChange] of foreignChanges) {
        const ms = await timed(
          client,
          arrivals,
          await ownObject(client, osid, kind),
          foreignChange,
          `manager-${round}`,
        );
        repaired.push(ms);
        const row = `${kind}: ${foreignChange.what}`;
        durations.set(row, [...(durations.get(row) ?? []), ms]);
      }
      applied.push(await bareApply(client, round));
    }
  } finally {
    await arrivals.stop();
    await client.close();
  }
  const rows = [...durations].map(([what, figures]) => ({ what, figures, baseline: applied }));
  process.stdout.write(`\n${table([...rows, { what: 'one bare server-side apply', figures: applied }])}`);
  const [p50, p95, baseline] = [quantile(repaired, 0.5), quantile(repaired, 0.95), quantile(applied, 0.5)];
  return [
    {
      what: 'drift → repaired',
      goal: 'p95 ≤ 250 ms, p50 ≤ 3 ×',
      figure: `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, ${(p50 / baseline).toFixed(2)} ×`,
      reference: `bare apply: p50 ${baseline.toFixed(1)} ms`,
      met: p95 <= 250 && p50 <= 3 * baseline,
    },
  ];
}

const ownObject = async (client: KubeClient, osid: string, kind: string): Promise<KubeObject> =>
  client.get({ apiVersion: kind === 'Service' ? 'v1' : 'apps/v1', kind, namespace: osid, name: osid });

async function timed(
  client: KubeClient,
  arrivals: Arrivals,
  object: KubeObject,
  { change, isRepaired }: ForeignChange,
  manager: string,
): Promise<number> {
  const key = refKey(refOf(object));
  let changed = false;
  const repair = arrivals.first((seen) => changed && refKey(refOf(seen)) === key && isRepaired(seen, object));
  const response = change(client, object, manager);
  // The event of the change itself does not match; only an earlier state would.
  changed = true;
  await response;
  const began = performance.now();
  return Math.max(0, (await withTimeout(repair, key)) - began);
}

/** A missing repair must not block the other measurements forever. */
async function withTimeout(repair: Promise<number>, key: string): Promise<number> {
  const late = sleep(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`${key} was not repaired within ${timeoutMs / 1_000} s`);
  });
  return Promise.race([repair, late]);
}

/** The reference: a change of one field of an unmanaged object. */
async function bareApply(client: KubeClient, round: number): Promise<number> {
  const metadata = { name: 'bench-baseline', namespace: 'default' };
  const began = performance.now();
  await client.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { round: String(round) } },
    { fieldManager: 'baseline' },
  );
  return performance.now() - began;
}
