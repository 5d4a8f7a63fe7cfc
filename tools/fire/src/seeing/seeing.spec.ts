import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { metricTable } from '@runos/observability';
import { at, type Dev, eventually, type Instance, Plane, World } from '@runos/tool-e2e';
import { type Span, SpanCollector } from './span-collector.js';

/** Written by us into names and values: nothing that tells how the plane does may repeat it. */
const marker = `marker${randomBytes(6).toString('hex')}`;
const traceId = randomBytes(16).toString('hex');
const callersSpan = randomBytes(8).toString('hex');

let collector: SpanCollector;
let plane: Plane;
let dev: Dev;
let world: World;
let instance: Instance;

beforeAll(async () => {
  collector = await SpanCollector.start();
  plane = await Plane.create();
  dev = await plane.start('clusterReady', { RUNOS_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200' });
  world = await World.of(plane.data);
  const headers = { traceparent: `00-${traceId}-${callersSpan}-01` };
  const asked = await world.api.post(`${world.services}/valkey`, { name: `a-${marker}` }, { headers });
  expect(asked.status).toBe(202);
  const { osid, jobId, id } = asked.body as Record<string, string>;
  instance = { osid: String(osid), jobId: String(jobId), path: `${world.services}/valkey/${String(id)}` };
  await world.completed(jobId);
}, 180_000);

afterAll(async () => {
  await plane?.remove();
  collector?.stop();
});

describe('one write is one trace', () => {
  const applies = (spans: readonly Span[]) =>
    spans.filter(({ service, name }) => service === 'cluster-agent' && name === 'kubernetes PATCH');

  it('from HTTP over NATS, SQL and the agent to Kubernetes, with one root and no orphan', async () => {
    const bundle = await world.bundle(instance.osid);
    const spans = await eventually('the whole trace', 20_000, () => {
      const seen = collector.of(traceId);
      const known = new Set([callersSpan, ...seen.map(({ spanId }) => spanId)]);
      const whole = seen.every(({ parentSpanId }) => known.has(parentSpanId));
      const paths = new Set(applies(seen).map(({ attributes }) => attributes['url.path']));
      return Promise.resolve(whole && paths.size >= bundle.length ? seen : undefined);
    });
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === callersSpan);
    expect(roots.map(({ service, name }) => `${service}: ${name}`)).toEqual([
      'gateway: POST /:aid/:cid/services/:type',
    ]);
    const lineOf = (span: Span): string[] => {
      const parent = byId.get(span.parentSpanId);
      return [...(parent ? lineOf(parent) : []), `${span.service}: ${span.name}`];
    };
    // A span that several would have to be, such as "answer …", is told by its first word.
    const apply = applies(spans).find(({ attributes }) => String(attributes['url.path']).includes('statefulsets'));
    const line = lineOf(apply as Span).map((name) =>
      name
        .split(/[ :.]+/)
        .slice(0, 2)
        .join(' '),
    );
    expect(line).toEqual([
      ...['gateway POST', 'gateway ask', 'reconciler answer', 'reconciler deliver', 'reconciler ask'],
      ...['agent-gateway answer', 'agent-gateway instruct'],
      ...['cluster-agent obey', 'cluster-agent apply', 'cluster-agent kubernetes'],
    ]);
    const services = new Set(spans.map(({ service }) => service));
    for (const service of ['gateway', 'catalog', 'reconciler', 'jobs', 'agent-gateway', 'cluster-agent'])
      expect(services).toContain(service);
    const sql = spans.filter(({ attributes }) => attributes['db.system.name'] ?? attributes['db.system']);
    expect(sql.map(({ service }) => service)).toEqual(expect.arrayContaining(['reconciler', 'jobs']));
  });

  it('says where it failed', async () => {
    const failing = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${failing}-${callersSpan}-01` };
    const refused = await world.api.post(
      `${world.services}/valkey`,
      { resourceRequirementClassId: 'none' },
      { headers },
    );
    expect(refused.status).toBe(400);
    expect(refused.body['traceId'] ?? failing).toBe(failing);
    const failed = await eventually('the failed span', 10_000, () =>
      Promise.resolve(
        collector
          .of(failing)
          .find(({ service, status, name }) => status.code === 2 && service === 'gateway' && name.startsWith('ask')),
      ),
    );
    expect(failed.status.message).not.toBe('');
  });

  it('carries no body and no secret', async () => {
    const { password } = (await world.api.get(`${instance.path}/credentials`)).body;
    const sent = collector.texts.join('\n');
    expect(sent.length).toBeGreaterThan(10_000);
    for (const secret of [marker, String(password), dev.token, dev.password]) expect(sent).not.toContain(secret);
  });
});

describe('metrics of a running plane', () => {
  /** Prometheus text → the names of ours, and whatever else is there, with the labels they carry. */
  async function scraped(url: string): Promise<Map<string, Set<string>>> {
    const text = await (await fetch(`${url}/metrics`)).text();
    const found = new Map<string, Set<string>>();
    for (const [, series = '', labels = ''] of text.matchAll(/^([a-zA-Z_:]+)(?:\{(.*)\})? \S+/gm)) {
      const name = series in metricTable ? series : series.replace(/_(bucket|sum|count)$/, '');
      const seen = found.get(name) ?? new Set<string>();
      for (const [, label = ''] of labels.matchAll(/([a-zA-Z_]+)="/g)) seen.add(label);
      found.set(name, seen);
    }
    return found;
  }

  it('are those of the table, each told by somebody, with its labels and no others', async () => {
    await world.kubectl.run(['delete', 'service', instance.osid, '-n', instance.osid]);
    await world.event(instance, ({ object }) => at(object, 'kind') === 'Service');
    const names = new Set<string>();
    for (const [process, url] of Object.entries(dev.ops)) {
      for (const [name, labels] of await scraped(url)) {
        if (name === 'target_info') continue;
        expect([process, Object.keys(metricTable)]).toEqual([process, expect.arrayContaining([name])]);
        names.add(name);
        const known: string[] = ['le', 'otel_scope_name', ...metricTable[name as keyof typeof metricTable].labels];
        expect([process, name, known]).toEqual([process, name, expect.arrayContaining([...labels])]);
      }
    }
    // What only a failure makes has its own specs.
    const untold = Object.keys(metricTable).filter((name) => !names.has(name));
    expect(untold).toEqual(['runos_apply_errors_total']);
  });
});

describe('logs of a running plane', () => {
  it('are one JSON object per line, with what they belong to and without bodies', async () => {
    const folder = join(plane.data, 'logs');
    const stores = /^(postgres|nats|etcd|kube|kubernetes)/;
    const requests: Record<string, unknown>[] = [];
    for (const file of await readdir(folder)) {
      const text = await readFile(join(folder, file), 'utf8');
      expect([file, text.includes(marker)]).toEqual([file, false]);
      if (stores.test(file)) continue;
      for (const line of text.split('\n').filter((one) => one !== '')) {
        expect([file, line]).toEqual([file, expect.stringMatching(/^\{.*\}$/)]);
        const event = JSON.parse(line) as Record<string, unknown>;
        expect(event).toMatchObject({
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
          level: expect.stringMatching(/^(info|warn|error|fatal)$/),
          service: expect.any(String),
          msg: expect.any(String),
        });
        if (event['msg'] === 'request') requests.push(event);
      }
    }
    const created = requests.find((event) => event['traceId'] === traceId);
    expect(created).toMatchObject({
      ...{ service: 'gateway', method: 'POST', status: 202, aid: dev.aid, operation: expect.any(String) },
      ...{ route: '/:aid/:cid/services/:type', ms: expect.any(Number), spanId: expect.any(String) },
    });
    for (const event of requests) expect(event['traceId']).toMatch(/^[0-9a-f]{32}$/);
  });
});
