import { applyOverrides, overridesOf } from '@runos/overrides';
import { packObjects, type KubeObject } from '@runos/kube-objects';
import { app, creationFieldsOf, kindCatalog, latestRenderer, renderApp } from '@runos/service-types';
import { type Finding, numbersOf } from './bench.js';
import { quantile, table } from './quantiles.js';

const warmUps = 3;
const limitMs = 1_000;

type AppInput = Parameters<typeof renderApp>[1];

/** An app with what users give one: variables, a file, ports and a health check. */
const inputOf = (osid: string): AppInput => ({
  osid,
  aid: 'aaaaa',
  cid: 'demo',
  clusterDomain: 'demo.aaaaa.example.com',
  secrets: { digestKey: 'k'.repeat(32) },
  replicas: 2,
  cpuRequestMc: 250,
  cpuLimitMc: 500,
  memoryRequestMb: 256,
  memoryLimitMb: 512,
  env: variables('MODE'),
  secretEnv: variables('TOKEN'),
  secretFiles: [{ key: 'file-0123456789abcdef', mountPath: '/etc/shop/ca.pem', content: 'A'.repeat(2_000) }],
  environmentDigest: '0123456789abcdef0123456789abcdef',
  app: {
    image: 'ghcr.io/acme/shop:1.4',
    servicePortMappings: [{ port: 8080, standardHttps: true, domains: [] }],
    healthCheck: 'standard',
    healthCheckPath: '/up',
    metricsPort: 9090,
    readOnlyRootFilesystem: true,
  },
});

const variables = (prefix: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`${prefix}_${index}`, `value ${index}`]));

/** A patch of each container, whose list is merged by name. */
const container = { name: 'app', env: [{ name: 'ADDED', value: 'yes' }] };
const overrides = overridesOf([
  {
    id: 'shop',
    name: 'shop',
    enabled: true,
    data: '',
    documents: [{ spec: { template: { spec: { terminationGracePeriodSeconds: 60, containers: [container] } } } }],
  },
]);

/**
 * Measures the rendering of many apps in this process: alone, and with an override and the packing that a delivery needs.
 * The baseline is `JSON.stringify` of the same objects.
 */
export async function benchRender(args: readonly string[]): Promise<readonly Finding[]> {
  const { apps, count } = numbersOf(args, { apps: 1_000, count: 10 });
  const inputs = Array.from({ length: apps }, (_, index) => inputOf(`app-${String(index).padStart(5, '0')}`));
  const kinds = kindCatalog(app.type);
  const renderOne = (input: AppInput): KubeObject[] => renderApp(latestRenderer(app), input);
  const deliver = (input: AppInput): unknown => {
    const objects = renderOne(input);
    const rendered = { osid: input.osid, objects, kinds, creationFields: creationFieldsOf(app.type) };
    return packObjects(overrides === undefined ? objects : applyOverrides(rendered, overrides));
  };
  const objects = inputs.map(renderOne);
  const render: number[] = [];
  const packed: number[] = [];
  const baseline: number[] = [];
  for (let round = -warmUps; round < count; round += 1) {
    const timed = [
      elapsed(() => inputs.forEach(renderOne)),
      elapsed(() => inputs.forEach(deliver)),
      elapsed(() => objects.forEach((each) => JSON.stringify(each))),
    ] as const;
    if (round < 0) continue;
    [render, packed, baseline].forEach((figures, index) => figures.push(timed[index] ?? Number.NaN));
  }
  process.stdout.write(
    `\n${table([
      { what: `render ${apps} apps`, figures: render, baseline },
      { what: `render ${apps} apps with an override, and pack them`, figures: packed, baseline },
      { what: '  JSON.stringify of their objects', figures: baseline },
    ])}\n`,
  );
  return [
    finding(`render ${apps} apps`, render, baseline),
    finding(`render, patch and pack ${apps} apps`, packed, baseline),
  ];
}

function finding(what: string, figures: readonly number[], baseline: readonly number[]): Finding {
  const [p50, p95, baselineP50] = [quantile(figures, 0.5), quantile(figures, 0.95), quantile(baseline, 0.5)];
  return {
    what,
    goal: `p95 ≤ ${limitMs} ms`,
    figure: `p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms, ${(p50 / baselineP50).toFixed(2)} ×`,
    reference: `JSON.stringify: p50 ${baselineP50.toFixed(0)} ms`,
    met: p95 <= limitMs,
  };
}

function elapsed(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}
