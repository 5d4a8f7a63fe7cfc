import { KubeClient, readKubeconfig } from '@runos/kube-client';
import type { PlaneClient } from '@runos/tool-e2e';
import { Arrivals } from './arrivals.js';
import type { Finding } from './bench.js';
import { quantile, stepDurations, table } from './quantiles.js';
import { withPlane } from './with-plane.js';

const warmUps = 3;
const limit = 1.5;
const image = 'registry.example.com/shop:1';

/**
 * Measures a changed variable of an app, from the accepting HTTP response to the first pod that has it. The baseline is
 * `kubectl set env` on another Deployment with the same content, from its start to the first new pod.
 */
export const benchVariable = (args: readonly string[]): Promise<readonly Finding[]> => withPlane(args, 20, run);

async function run(planeClient: PlaneClient, count: number): Promise<readonly Finding[]> {
  const { info, api, kubectl } = planeClient;
  const apps = `/${info.aid}/${info.cid}/apps`;
  const { body } = await api.post(apps, { name: 'bench', image, servicePortMappings: [{ port: 8080 }] });
  await planeClient.waitForCompletion(body['jobId']);
  const osid = String(body['osid']);
  const baseName = `base-${osid}`;
  const bundle = JSON.stringify(await planeClient.bundle(osid));
  const objects = bundle.replaceAll(osid, baseName).replaceAll('"runos"', '"baseline"');
  await kubectl.apply(JSON.parse(objects) as unknown[], 'baseline');
  await kubectl.run(['rollout', 'status', `deployment/${baseName}`, '-n', baseName, '--timeout=60s']);

  const client = new KubeClient(await readKubeconfig(info.kubeconfig));
  const arrivals = new Arrivals(client, [{ apiVersion: 'v1', kind: 'Pod' }], 'app.kubernetes.io/name=app');
  await arrivals.synced();
  try {
    const changed: number[] = [];
    const baseline: number[] = [];
    const jobs: string[] = [];
    for (let round = -warmUps; round < count; round += 1) {
      const value = `round${round + warmUps}`;
      const change = await changeOne(planeClient, arrivals, { osid, path: `${apps}/${String(body['id'])}` }, value);
      const set = await setOne(planeClient, arrivals, baseName, value);
      if (round < 0) continue;
      changed.push(change.ms);
      jobs.push(change.jobId);
      baseline.push(set);
    }
    process.stdout.write(
      `\n${table([
        { what: 'variable: accepted → new pod', figures: changed, baseline },
        { what: '  kubectl set env → new pod', figures: baseline },
      ])}\nWhere a change’s time goes, by the steps of its job:\n`,
    );
    process.stdout.write(table(await stepDurations(planeClient, jobs)));
    const [p50, baselineP50] = [quantile(changed, 0.5), quantile(baseline, 0.5)];
    return [
      {
        what: 'changed variable, accepted → new pod',
        goal: `≤ ${limit} ×`,
        figure: `p50 ${p50.toFixed(0)} ms, ${(p50 / baselineP50).toFixed(2)} ×`,
        reference: `kubectl set env: p50 ${baselineP50.toFixed(0)} ms`,
        met: p50 <= limit * baselineP50,
      },
    ];
  } finally {
    await arrivals.stop();
    await client.close();
  }
}

interface App {
  readonly osid: string;
  readonly path: string;
}

async function changeOne(planeClient: PlaneClient, arrivals: Arrivals, { osid, path }: App, value: string) {
  const pod = newPod(arrivals, osid);
  const { body } = await planeClient.api.post(`${path}/env-vars`, { envVars: { MODE: value } });
  const accepted = performance.now();
  const ms = Math.max(0, (await pod) - accepted);
  const jobId = String(body['jobId']);
  await planeClient.waitForCompletion(jobId);
  return { ms, jobId };
}

async function setOne({ kubectl }: PlaneClient, arrivals: Arrivals, name: string, value: string): Promise<number> {
  const pod = newPod(arrivals, name);
  const started = performance.now();
  await kubectl.run(['set', 'env', `deployment/${name}`, '-n', name, `MODE=${value}`]);
  const ms = (await pod) - started;
  await kubectl.run(['rollout', 'status', `deployment/${name}`, '-n', name, '--timeout=60s']);
  return ms;
}

const newPod = (arrivals: Arrivals, namespace: string): Promise<number> =>
  arrivals.firstNew(({ metadata }) => metadata.namespace === namespace);
