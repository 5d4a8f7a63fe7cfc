import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createLogger } from './create-logger.js';
import { durations, gauge, metricsText } from './metrics.js';
import { startTelemetry, type Telemetry } from './telemetry.js';
import {
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
  it('carries a trace across processes in headers, into logs and errors', async () => {
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
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ traceId, spanId: server?.spanContext().spanId });
    expect(currentTraceId()).toBeUndefined();
  });

  it('starts no trace for background work and ends it for work that outlives its cause', async () => {
    exporter.reset();
    await inChildSpan('background', {}, async () => undefined);
    await inSpan('requested', {}, async () => {
      await inChildSpan('done', {}, async () => undefined);
      await withoutTrace(() => inChildSpan('outliving', {}, async () => undefined));
    });
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['done', 'requested']);
  });

  it('runs batch work in the shared trace, or in a trace that is linked with each', async () => {
    const carrier = () => inSpan('sent', {}, async () => traceHeaders());
    const twice = () =>
      inSpan('sent', {}, async () => [traceHeaders(), await inSpan('second', {}, async () => traceHeaders())]);
    const consume = async (carriers: Record<string, string>[]) => {
      exporter.reset();
      await inSpanOfAll('consume', {}, carriers, async () => undefined);
      const spans = exporter.getFinishedSpans();
      const batch = spans.at(-1);
      if (batch === undefined) throw new Error('no span was exported');
      const linked = spans.slice(0, -1);
      for (const { links } of linked) expect(links.map(({ context }) => context)).toEqual([batch.spanContext()]);
      return {
        parent: batch.parentSpanContext?.traceId,
        links: batch.links.map(({ context }) => context.traceId),
        linked: linked.map(({ parentSpanContext }) => parentSpanContext?.traceId),
      };
    };
    const idOf = ({ traceparent = '' }: Record<string, string>) => traceparent.split('-')[1];
    const same = await twice();
    expect(await consume(same)).toEqual({ parent: same.map(idOf)[0], links: [], linked: [] });
    const one = await carrier();
    const two = [one, await carrier()];
    expect(await consume([...two, one])).toEqual({ parent: undefined, links: two.map(idOf), linked: two.map(idOf) });
    const first = [idOf(one)];
    expect(await consume([{}, one])).toEqual({ parent: undefined, links: first, linked: first });
    expect(await consume([{}])).toEqual({ parent: undefined, links: [], linked: [] });
  });

  it('omits gauges that fail and reports the others', async () => {
    gauge('runos_outbox_backlog', () => Promise.reject(new Error('away')), 'gone');
    gauge('runos_outbox_backlog', () => [{ value: 7, labels: { service: 'there' } }], 'there');
    gauge('workqueue_depth', () => undefined);
    const text = await metricsText();
    expect(text.match(/^runos_outbox_backlog\{.*$/gm)).toEqual([expect.stringMatching(/service="there".* 7$/)]);
    expect(text).not.toMatch(/^workqueue_depth\{/m);
  });

  it('exposes metrics as Prometheus text, also of instruments made before it started', async () => {
    early.record(30, { outcome: 'a' });
    const text = await metricsText();
    expect(text).toMatch(/runos_delivery_duration_seconds_bucket\{.*outcome="a".*le="0.05"\} 1/);
    expect(text).toMatch(/process_resident_memory_bytes\{?.*\d{7}/);
  });

  it('exports traces over OTLP when there is somewhere to export to', async () => {
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
