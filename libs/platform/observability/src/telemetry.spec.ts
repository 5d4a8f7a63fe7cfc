import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createLogger } from './create-logger.js';
import { durations, gauge, metricsText } from './metrics.js';
import { startTelemetry, type Telemetry } from './telemetry.js';
import {
  type Carrier,
  currentTraceId,
  inChildSpan,
  inSpan,
  inSpanOfAll,
  withoutTrace,
  SpanKind,
  traceHeaders,
  traceOf,
} from './trace.js';

const exporter = new InMemorySpanExporter();
const early = durations('runos_delivery_duration_seconds');
let telemetry: Telemetry;
beforeAll(async () => {
  telemetry = await startTelemetry({ service: 'spec', spanProcessors: [new SimpleSpanProcessor(exporter)] });
});
afterAll(() => telemetry.stop());

describe('telemetry', () => {
  it('propagates a trace across processes in headers, into logs and errors', async () => {
    const lines: string[] = [];
    const logger = createLogger({
      service: 'spec',
      level: 'info',
      destination: { write: (line) => void lines.push(line) },
    });
    let carried: Record<string, string> = {};
    let traceId: string | undefined;
    await inSpan('request', { kind: SpanKind.CLIENT }, async () => {
      carried = traceHeaders();
      traceId = currentTraceId();
    });
    const failing = inSpan('respond', { kind: SpanKind.SERVER, parent: traceOf(carried) }, async () => {
      logger.info('inside');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const [client, server] = exporter.getFinishedSpans();
    expect(server?.spanContext().traceId).toBe(traceId);
    expect(server?.parentSpanContext?.spanId).toBe(client?.spanContext().spanId);
    expect(server?.status.message).toBe('no');
    expect(JSON.parse(String(lines[0]))).toMatchObject({ traceId, spanId: server?.spanContext().spanId });
    expect(server).toBeDefined();
    expect(currentTraceId()).toBeUndefined();
  });

  it('starts no trace for periodic work, and ends it for background work', async () => {
    exporter.reset();
    await inChildSpan('lease', {}, async () => undefined);
    await inSpan('request', {}, async () => {
      await inChildSpan('child', {}, async () => undefined);
      await withoutTrace(() => inChildSpan('background', {}, async () => undefined));
    });
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['child', 'request']);
  });

  it('continues the trace of a batch, or starts a trace with links to and from each trace of the batch', async () => {
    const carrier = () => inSpan('sent', {}, async () => traceHeaders());
    const oneTrace = () =>
      inSpan('sent', {}, async () => [traceHeaders(), await inSpan('second', {}, async () => traceHeaders())] as const);
    const receive = async (carriers: readonly Carrier[]) => {
      exporter.reset();
      await inSpanOfAll('receive', {}, carriers, async () => undefined);
      const spans = exporter.getFinishedSpans();
      const batch = spans.at(-1);
      const origins = spans.slice(0, -1);
      for (const { links } of origins) expect(links.map(({ context }) => context)).toEqual([batch?.spanContext()]);
      return {
        parent: batch?.parentSpanContext?.traceId,
        links: batch?.links.map(({ context }) => context.traceId),
        origins: origins.map(({ parentSpanContext }) => parentSpanContext?.traceId),
      };
    };
    const idOf = ({ traceparent = '' }: Carrier) => traceparent.split('-')[1];
    const same = await oneTrace();
    expect(await receive(same)).toEqual({ parent: idOf(same[0]), links: [], origins: [] });
    const two = [await carrier(), await carrier()] as const;
    expect(await receive([...two, two[0]])).toEqual({
      parent: undefined,
      links: two.map(idOf),
      origins: two.map(idOf),
    });
    const first = [idOf(two[0])];
    expect(await receive([{}, two[0]])).toEqual({ parent: undefined, links: first, origins: first });
    expect(await receive([{}])).toEqual({ parent: undefined, links: [], origins: [] });
  });

  it('omits values that cannot be read and returns all others', async () => {
    gauge('runos_outbox_backlog', () => Promise.reject(new Error('down')), 'failing');
    gauge('runos_outbox_backlog', () => [{ value: 7, labels: { service: 'identity' } }], 'identity');
    gauge('workqueue_depth', () => undefined);
    const text = await metricsText();
    expect(text.match(/^runos_outbox_backlog\{.*$/gm)).toEqual([expect.stringMatching(/service="identity".* 7$/)]);
    expect(text).not.toMatch(/^workqueue_depth\{/m);
  });

  it('exposes metrics as Prometheus text, including instruments created before telemetry started', async () => {
    early.record(30, { outcome: 'a' });
    const text = await metricsText();
    expect(text).toMatch(/runos_delivery_duration_seconds_bucket\{.*outcome="a".*le="0.05"\} 1/);
    expect(text).toMatch(/process_resident_memory_bytes\{?.*\d{7}/);
  });

  it('exports traces over OTLP with an endpoint', async () => {
    const paths: (string | undefined)[] = [];
    const collector = createServer((request, response) => {
      paths.push(request.url);
      response.end('{}');
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    await telemetry.stop();
    const otlpEndpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`;
    telemetry = await startTelemetry({ service: 'spec', otlpEndpoint, traceRatio: 1 });
    await inSpan('exported', {}, async () => undefined);
    await telemetry.stop();
    expect(paths).toEqual(['/v1/traces']);
    collector.closeAllConnections();
    collector.close();
  });
});
