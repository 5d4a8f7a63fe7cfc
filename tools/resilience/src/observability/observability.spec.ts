import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { consumerOf, contracts, type EventContract, streamOf } from '@runos/contracts';
import { metricTable } from '@runos/observability';
import { schemaOf } from '@runos/persistence';
import {
  valueAt,
  type PlaneInfo,
  readPlaneInfo,
  eventually,
  type Instance,
  Plane,
  withSql,
  PlaneClient,
} from '@runos/tool-e2e';
import { controlPlane, DataFolder, services } from '@runos/tool-start';
import { loseStream } from './lose-stream.js';
import {
  ancestorsOf,
  appliesIn,
  jobUpdatesOfAgentIn,
  reportPath,
  requestPath,
  type Span,
  SpanCollector,
  summaryOf,
  waitForTrace,
} from './span-collector.js';
import { readLogEvents } from './log-events.js';

/** Part of names and values that the test writes: telemetry must not contain it. */
const marker = `marker${randomBytes(6).toString('hex')}`;
const traceId = randomBytes(16).toString('hex');
const callersSpan = randomBytes(8).toString('hex');

let collector: SpanCollector;
let plane: Plane;
let dev: PlaneInfo;
let planeClient: PlaneClient;
let instance: Instance;

beforeAll(async () => {
  collector = await SpanCollector.start();
  plane = await Plane.create();
  dev = await plane.start('clusterReady', { RUNOS_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200' });
  planeClient = await PlaneClient.connect(plane.data);
  const headers = { traceparent: `00-${traceId}-${callersSpan}-01` };
  const accepted = await planeClient.api.post(`${planeClient.services}/valkey`, { name: `a-${marker}` }, { headers });
  expect(accepted.status).toBe(202);
  const { osid, jobId, id } = accepted.body as Record<string, string>;
  instance = { osid: String(osid), jobId: String(jobId), path: `${planeClient.services}/valkey/${String(id)}` };
  await planeClient.waitForCompletion(jobId);
});

afterAll(async () => {
  try {
    await plane?.finish({ spans: collector.texts.join('\n') });
  } finally {
    collector?.stop();
  }
});

describe('one write is one trace', () => {
  it('from HTTP over NATS, SQL and the agent to Kubernetes, with one root and no orphan', async () => {
    const bundle = await planeClient.bundle(instance.osid);
    const spans = await waitForTrace(
      collector,
      { traceId, origin: callersSpan },
      (seen) => appliesIn(seen).length >= bundle.length && jobUpdatesOfAgentIn(seen).length > 0,
    );
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === callersSpan);
    expect(roots.map(({ service, name }) => `${service}: ${name}`)).toEqual([
      'gateway: POST /:aid/:cid/services/:type',
    ]);
    const apply = appliesIn(spans).find(({ attributes }) => String(attributes['url.path']).includes('statefulsets'));
    expect(summaryOf(ancestorsOf(apply as Span, spans))).toEqual([
      ...requestPath,
      'cluster-agent apply',
      'cluster-agent kubernetes',
    ]);
    const services = new Set(spans.map(({ service }) => service));
    for (const service of ['gateway', 'catalog', 'reconciler', 'jobs', 'agent-gateway', 'cluster-agent'])
      expect(services).toContain(service);
    const sql = spans.filter(({ attributes }) => attributes['db.system.name'] ?? attributes['db.system']);
    expect(sql.map(({ service }) => service)).toEqual(expect.arrayContaining(['reconciler', 'jobs']));
  });

  it('and back from the agent’s report to the end of the job', async () => {
    const spans = await waitForTrace(
      collector,
      { traceId, origin: callersSpan },
      (seen) => jobUpdatesOfAgentIn(seen).length > 0,
    );
    for (const update of jobUpdatesOfAgentIn(spans)) {
      expect(summaryOf(ancestorsOf(update, spans))).toEqual([...requestPath, ...reportPath]);
    }
  });

  it('also when its agent connects later, or restarts before the end', async () => {
    const folder = new DataFolder(plane.data);
    const nodes = (await planeClient.kubectl.run(['get', 'nodes', '-o', 'name'])).trim().split('\n');
    const traces = [1, 2].map(() => ({ traceId: randomBytes(16).toString('hex'), origin: callersSpan }));
    const create = async (number: number): Promise<Record<string, unknown>> => {
      const headers = { traceparent: `00-${traces[number]?.traceId}-${callersSpan}-01` };
      return (await planeClient.api.post(`${planeClient.services}/valkey`, { name: `long-${number}` }, { headers }))
        .body;
    };
    await planeClient.kubectl.run(['cordon', ...nodes]);
    const unready = await create(0);
    const osid = String(unready['osid']);
    await eventually('it to be applied', () => planeClient.kubectl.get('statefulset', osid, osid));
    await controlPlane(folder, 'stop', 'cluster-agent');
    const waiting = await create(1);
    await controlPlane(folder, 'start', 'cluster-agent');
    await planeClient.kubectl.run(['uncordon', ...nodes]);
    for (const { jobId } of [unready, waiting]) await planeClient.waitForCompletion(jobId);
    for (const trace of traces) {
      const ends = (seen: readonly Span[]) => jobUpdatesOfAgentIn(seen).length > 0 && appliesIn(seen).length > 0;
      const spans = await waitForTrace(collector, trace, ends);
      expect(spans.filter(({ parentSpanId }) => parentSpanId === callersSpan).length).toBe(1);
      expect(spans.filter(({ name }) => name === 'deliver').length).toBeGreaterThan(0);
    }
  });

  it('records where it failed', async () => {
    const failing = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${failing}-${callersSpan}-01` };
    const refused = await planeClient.api.post(
      `${planeClient.services}/valkey`,
      { resourceRequirementClassId: 'none' },
      { headers },
    );
    expect(refused.status).toBe(400);
    expect(refused.body['traceId'] ?? failing).toBe(failing);
    const failed = await eventually('the failed span', () =>
      Promise.resolve(
        collector
          .of(failing)
          .find(
            ({ service, status, name }) => status.code === 2 && service === 'gateway' && name.startsWith('request'),
          ),
      ),
    );
    expect(failed.status.message).not.toBe('');
  });

  it('contains no body and no secret', async () => {
    const { password } = (await planeClient.api.get(`${instance.path}/credentials`)).body;
    const sent = collector.texts.join('\n');
    expect(sent.length).toBeGreaterThan(10_000);
    for (const secret of [marker, String(password), dev.token, dev.password]) expect(sent).not.toContain(secret);
  });
});

describe('metrics of a running plane', () => {
  /** Prometheus text → the names of the plane's metrics and of the others, with their labels. */
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

  /** Deletes a Service and refuses its creation for a while, which the agent counts by reason. */
  async function refuseOnce(): Promise<void> {
    const { osid } = instance;
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'none', namespace: osid },
      spec: { hard: { services: '0' } },
    };
    await planeClient.kubectl.apply([quota], 'hostile');
    await eventually('the quota to count', async () =>
      valueAt(await planeClient.kubectl.get('resourcequota', 'none', osid), 'status', 'hard'),
    );
    await planeClient.kubectl.run(['delete', 'service', osid, '-n', osid]);
    const url = String((await readPlaneInfo(plane.data)).ops['cluster-agent']);
    const counted = await eventually('the refusal to be counted', async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return /^runos_apply_errors_total\{reason="(\w+)".*\} (\d+)/m.exec(text) ?? undefined;
    });
    expect([counted[1], Number(counted[2]) > 0]).toEqual(['QuotaExceeded', true]);
    await planeClient.kubectl.run(['delete', 'resourcequota', 'none', '-n', osid]);
    await planeClient.event(instance, ({ object }) => valueAt(object, 'kind') === 'Service');
  }

  it('are those of the table, each exported by a process, with exactly its labels', async () => {
    await refuseOnce();
    const names = new Set<string>();
    for (const [process, url] of Object.entries((await readPlaneInfo(plane.data)).ops)) {
      for (const [name, labels] of await scraped(url)) {
        if (name === 'target_info') continue;
        expect([process, Object.keys(metricTable)]).toEqual([process, expect.arrayContaining([name])]);
        names.add(name);
        const known: string[] = ['le', 'otel_scope_name', ...metricTable[name as keyof typeof metricTable].labels];
        expect([process, name, known]).toEqual([process, name, expect.arrayContaining([...labels])]);
      }
    }
    expect(Object.keys(metricTable).filter((name) => !names.has(name))).toEqual([]);
  });
});

describe('/readyz of every service with a schema', () => {
  it('names a pending migration, and the service continues after it has run', async () => {
    const folder = new DataFolder(plane.data);
    await Promise.all(
      services
        .filter(({ database }) => database)
        .map(async ({ name }) => {
          const table = `${schemaOf(name)}.migrations`;
          await controlPlane(folder, 'stop', name);
          const lost = await withSql(dev.databaseUrl, async (sql) => {
            const newest = `SELECT name FROM ${table} ORDER BY timestamp DESC LIMIT 1`;
            const { rows } = await sql.query<Record<'id' | 'timestamp' | 'name', string>>(
              `DELETE FROM ${table} WHERE name = (${newest}) RETURNING *`,
            );
            return rows[0];
          });
          const before = dev.ops[name];
          const started = controlPlane(folder, 'start', name);
          const why = await eventually(`the report of ${name} about the missing migration`, async () => {
            const url = (await readPlaneInfo(plane.data)).ops[name];
            if (url === before) return undefined;
            const report = (await (await fetch(`${url}/readyz`)).json()) as { why?: Record<string, string> };
            return report.why?.['migrations'];
          });
          expect(why).toBe(`pending migrations; run the migration of this service: ${lost?.name}`);
          await withSql(dev.databaseUrl, (sql) =>
            sql.query(`INSERT INTO ${table} (id, timestamp, name) VALUES ($1, $2, $3)`, [
              lost?.id,
              lost?.timestamp,
              lost?.name,
            ]),
          );
          await started;
        }),
    );
  });
});

describe('/readyz of every service with stored events', () => {
  const stored = contracts.filter(
    (contract): contract is EventContract => contract.kind === 'event' && contract.delivery === 'at-least-once',
  );

  it.each(stored)('names what a deleted stream of $subject takes from it, and gets it back', async (contract) => {
    const { owner, subscribers } = contract;
    const stream = streamOf(owner);
    const consumers = subscribers.map((name): [string, unknown] => [
      name,
      expect.stringContaining(`jetstream,consumer ${consumerOf(name, contract)} of stream ${stream}: `),
    ]);
    const lost = { ...Object.fromEntries(consumers), [owner]: `jetstream,stream ${stream}: stream not found` };
    expect(await loseStream(plane.data, contract)).toEqual(lost);
    const { body } = await planeClient.api.patch(instance.path, { cpuLimitMc: 650 });
    await planeClient.waitForCompletion(body['jobId']);
  });
});

describe('logs of a running plane', () => {
  it('are one JSON object per line, with their correlation ids and without bodies', async () => {
    const events = await readLogEvents(join(plane.data, 'logs'), marker);
    const requests = events.filter(({ msg }) => msg === 'request');
    const created = requests.find((event) => event['traceId'] === traceId);
    expect(created).toMatchObject({
      service: 'gateway',
      method: 'POST',
      status: 202,
      aid: dev.aid,
      operation: expect.any(String),
      route: '/:aid/:cid/services/:type',
      ms: expect.any(Number),
      spanId: expect.any(String),
    });
    const { aid, cid } = dev;
    const jobs = events.filter(({ msg }) => msg === 'job ended');
    const ended = jobs.find(({ jobId }) => jobId === instance.jobId);
    const { osid } = instance;
    expect(ended).toMatchObject({ service: 'jobs', status: 'completed', osid, traceId, aid, cid });
    const agents = events.filter(({ msg }) => msg === 'agent connected' || msg === 'agent disconnected');
    expect(agents.length).toBeGreaterThan(2);
    for (const event of [...requests, ...jobs, ...agents])
      expect([event, event['traceId']]).toEqual([event, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    for (const event of agents) expect(event).toMatchObject({ service: 'agent-gateway', aid, cid });
    const ofAgents = events.filter(({ service }) => /^(cluster|node)-agent$/.test(String(service)));
    for (const event of ofAgents) expect(event).toMatchObject({ aid });
  });
});
