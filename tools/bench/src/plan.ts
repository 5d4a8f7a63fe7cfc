import type { PlaneClient } from '@runos/tool-e2e';
import type { Finding } from './bench.js';
import { quantile, table } from './quantiles.js';
import { withPlane } from './with-plane.js';

const warmUps = 3;
const limitMs = 500;
const image = 'registry.example.com/shop:1';

/**
 * Measures the plan of a changed number and that of a creation, from the request to the response. The baseline is
 * `kubectl diff --server-side` of the same objects with the same change.
 */
export const benchPlan = (args: readonly string[]): Promise<readonly Finding[]> => withPlane(args, 20, run);

async function run(planeClient: PlaneClient, count: number): Promise<readonly Finding[]> {
  const { info, api } = planeClient;
  const apps = `/${info.aid}/${info.cid}/apps`;
  const size = { replicas: 2, cpuRequestMc: 100, cpuLimitMc: 500 };
  const fields = { name: 'bench', image, servicePortMappings: [{ port: 8080 }], ...size };
  const { body } = await api.post(apps, fields);
  await planeClient.waitForCompletion(body['jobId']);
  const osid = String(body['osid']);
  const variables = await api.post(`${apps}/${osid}/env-vars`, { envVars: { MODE: 'fast' } });
  await planeClient.waitForCompletion(variables.body['jobId']);
  const objects = JSON.stringify(await planeClient.bundle(osid));

  const update: number[] = [];
  const creation: number[] = [];
  const baseline: number[] = [];
  for (let round = -warmUps; round < count; round += 1) {
    const cpuLimitMc = 600 + round + warmUps;
    const timed = [
      await elapsed(() => planned(planeClient, `${apps}/${osid}/plan?merge=true`, { cpuLimitMc })),
      await elapsed(() => planned(planeClient, `${apps}/plan`, fields)),
      await elapsed(() => diffed(planeClient, objects.replaceAll(`"cpu":"500m"`, `"cpu":"${cpuLimitMc}m"`))),
    ] as const;
    if (round < 0) continue;
    [update, creation, baseline].forEach((figures, index) => figures.push(timed[index] ?? Number.NaN));
  }
  process.stdout.write(
    `\n${table([
      { what: 'plan of a changed number', figures: update, baseline },
      { what: 'plan of a creation', figures: creation, baseline },
      { what: '  kubectl diff --server-side, one number changed', figures: baseline },
    ])}\n`,
  );
  return [finding('plan of a changed number', update, baseline), finding('plan of a creation', creation, baseline)];
}

function finding(what: string, figures: readonly number[], baseline: readonly number[]): Finding {
  const [p50, p95, baselineP50] = [quantile(figures, 0.5), quantile(figures, 0.95), quantile(baseline, 0.5)];
  return {
    what,
    goal: `p95 ≤ ${limitMs} ms, ≤ 2 ×`,
    figure: `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, ${(p50 / baselineP50).toFixed(2)} ×`,
    reference: `kubectl diff: p50 ${baselineP50.toFixed(0)} ms`,
    met: p95 <= limitMs && p50 <= 2 * baselineP50,
  };
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** @throws Error for a plan that the cluster has not tried, which would be no comparison */
async function planned({ api }: PlaneClient, path: string, fields: object): Promise<void> {
  const { body } = await api.post(path, fields);
  if (body['source'] !== 'cluster') throw new Error(`no plan: ${JSON.stringify(body)}`);
}

/** kubectl exits with 1 and prints no error where something differs. */
async function diffed({ kubectl }: PlaneClient, items: string): Promise<void> {
  const list = `{"apiVersion":"v1","kind":"List","items":${items}}`;
  const args = ['diff', '--server-side', '--force-conflicts', '--field-manager=runos', '-f', '-'];
  const message = await kubectl.run(args, list).then(
    () => 'nothing differs',
    (error: Error) => error.message,
  );
  if (!message.endsWith('failed: ')) throw new Error(message);
}
