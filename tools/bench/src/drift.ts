import { KubeClient, readKubeconfig } from '@runos/kube-client';
import { type KubeObject, refKey, refOf } from '@runos/kube-objects';
import { Plane, PlaneClient } from '@runos/tool-e2e';
import { setTimeout as sleep } from 'node:timers/promises';
import { Arrivals } from './arrivals.js';
import { type Finding, numbersOf } from './bench.js';
import { quantile, table } from './quantiles.js';

const timeoutMs = 30_000;

/** A manual change of a managed object, and the test for its repair. */
interface Meddling {
  readonly what: string;
  meddle(client: KubeClient, object: KubeObject, manager: string): Promise<unknown>;
  undone(object: KubeObject, before: KubeObject): boolean;
}

/** Takes over fields under a new field manager each time, because the agent backs off from conflicting managers. */
const edit = (fields: Record<string, unknown>, wrong: (object: KubeObject) => boolean): Meddling => ({
  what: 'field edited',
  meddle: (client, { apiVersion, kind, metadata: { name, namespace } }, fieldManager) =>
    client.apply({ apiVersion, kind, metadata: { name, namespace }, ...fields }, { fieldManager }),
  undone: (object) => !wrong(object),
});

const deletion: Meddling = {
  what: 'object deleted',
  meddle: (client, object) => client.delete(refOf(object)),
  undone: (object, before) => object.metadata.uid !== before.metadata.uid,
};

const replicas = (object: KubeObject): unknown => (object['spec'] as { replicas?: number }).replicas;
const affinity = (object: KubeObject): unknown => (object['spec'] as { sessionAffinity?: string }).sessionAffinity;

const meddlings: readonly (readonly [kind: string, Meddling])[] = [
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
  const byWhat = new Map<string, number[]>();
  const repaired: number[] = [];
  const applied: number[] = [];
  try {
    for (let round = 0; round < count; round += 1) {
      // A new instance each time: a second change of the same field would meet the conflict back-off.
      const { osid } = await planeClient.create('valkey', { name: `drift-${round}` });
      for (const [kind, meddling] of meddlings) {
        const ms = await timed(client, arrivals, await ownObject(client, osid, kind), meddling, `hand-${round}`);
        repaired.push(ms);
        const row = `${kind}: ${meddling.what}`;
        byWhat.set(row, [...(byWhat.get(row) ?? []), ms]);
      }
      applied.push(await bareApply(client, round));
    }
  } finally {
    await arrivals.stop();
    await client.close();
  }
  const rows = [...byWhat].map(([what, figures]) => ({ what, figures, yardstick: applied }));
  process.stdout.write(`\n${table([...rows, { what: 'one bare server-side apply', figures: applied }])}`);
  const [p50, p95, yard] = [quantile(repaired, 0.5), quantile(repaired, 0.95), quantile(applied, 0.5)];
  return [
    {
      what: 'drift → repaired',
      goal: 'p95 ≤ 250 ms, p50 ≤ 3 ×',
      figure: `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, ${(p50 / yard).toFixed(2)} ×`,
      reference: `bare apply: p50 ${yard.toFixed(1)} ms`,
      met: p95 <= 250 && p50 <= 3 * yard,
    },
  ];
}

const ownObject = async (client: KubeClient, osid: string, kind: string): Promise<KubeObject> =>
  client.get({ apiVersion: kind === 'Service' ? 'v1' : 'apps/v1', kind, namespace: osid, name: osid });

async function timed(
  client: KubeClient,
  arrivals: Arrivals,
  object: KubeObject,
  { meddle, undone }: Meddling,
  manager: string,
): Promise<number> {
  const key = refKey(refOf(object));
  let meddled = false;
  const back = arrivals.first((seen) => meddled && refKey(refOf(seen)) === key && undone(seen, object));
  const answer = meddle(client, object, manager);
  // The event of the change itself does not match; only an earlier state would.
  meddled = true;
  await answer;
  const began = performance.now();
  return Math.max(0, (await inTime(back, key)) - began);
}

/** A missing repair must not block the other measurements forever. */
async function inTime(back: Promise<number>, key: string): Promise<number> {
  const late = sleep(timeoutMs, undefined, { ref: false }).then(() => {
    throw new Error(`${key} was not repaired within ${timeoutMs / 1_000} s`);
  });
  return Promise.race([back, late]);
}

/** The reference: a change of one field of an unmanaged object. */
async function bareApply(client: KubeClient, round: number): Promise<number> {
  const metadata = { name: 'bench-yardstick', namespace: 'default' };
  const began = performance.now();
  await client.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { round: String(round) } },
    { fieldManager: 'yardstick' },
  );
  return performance.now() - began;
}
