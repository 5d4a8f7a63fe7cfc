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
    await inSpan('ask', { kind: SpanKind.CLIENT }, async () => {
      carried = traceHeaders();
      traceId = currentTraceId();
    });
    const failing = inSpan('answer', { kind: SpanKind.SERVER, parent: traceOf(carried) }, async () => {
      logger.info('inside');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const [asked, answered] = exporter.getFinishedSpans();
    expect(answered.spanContext().traceId).toBe(traceId);
    expect(answered.parentSpanContext?.spanId).toBe(asked.spanContext().spanId);
    expect(answered.status.message).toBe('no');
    expect(JSON.parse(lines[0])).toMatchObject({ traceId, spanId: answered.spanContext().spanId });
    expect(currentTraceId()).toBeUndefined();
  });

  it('begins no trace for what nobody asked for, and none goes on in what outlives it', async () => {
    exporter.reset();
    await inChildSpan('kept', {}, async () => undefined);
    await inSpan('asked', {}, async () => {
      await inChildSpan('done', {}, async () => undefined);
      await withoutTrace(() => inChildSpan('begun', {}, async () => undefined));
    });
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['done', 'asked']);
  });

  it('makes of several messages a part of their trace, or a trace that is linked to each and stands in each', async () => {
    const carrier = () => inSpan('sent', {}, async () => traceHeaders());
    const twice = () =>
      inSpan('sent', {}, async () => [traceHeaders(), await inSpan('again', {}, async () => traceHeaders())]);
    const heard = async (carriers: Record<string, string>[]) => {
      exporter.reset();
      await inSpanOfAll('heard', {}, carriers, async () => undefined);
      const spans = exporter.getFinishedSpans();
      const ours = spans[spans.length - 1];
      const theirs = spans.slice(0, -1);
      for (const { links } of theirs) expect(links.map(({ context }) => context)).toEqual([ours.spanContext()]);
      return {
        parent: ours.parentSpanContext?.traceId,
        links: ours.links.map(({ context }) => context.traceId),
        theirs: theirs.map(({ parentSpanContext }) => parentSpanContext?.traceId),
      };
    };
    const idOf = ({ traceparent = '' }: Record<string, string>) => traceparent.split('-')[1];
    const same = await twice();
    expect(await heard(same)).toEqual({ parent: idOf(same[0]), links: [], theirs: [] });
    const two = [await carrier(), await carrier()];
    expect(await heard([...two, two[0]])).toEqual({ parent: undefined, links: two.map(idOf), theirs: two.map(idOf) });
    const first = [idOf(two[0])];
    expect(await heard([{}, two[0]])).toEqual({ parent: undefined, links: first, theirs: first });
    expect(await heard([{}])).toEqual({ parent: undefined, links: [], theirs: [] });
  });

  it('leaves out what cannot be read, and tells the rest', async () => {
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
