import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createLogger } from './create-logger.js';
import { durations, metricsText } from './metrics.js';
import { startTelemetry, type Telemetry } from './telemetry.js';
import { currentTraceId, inSpan, SpanKind, traceHeaders, traceOf } from './trace.js';

const exporter = new InMemorySpanExporter();
const early = durations('spec', 'runos_early_seconds', 'Made before telemetry started.');
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

  it('exposes metrics as Prometheus text, also of instruments made before it started', async () => {
    early.record(30, { subject: 'a' });
    const text = await metricsText();
    expect(text).toMatch(/runos_early_seconds_bucket\{.*subject="a".*le="0.05"\} 1/);
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
