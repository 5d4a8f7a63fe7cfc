import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import { attachGauges, exposeMetrics, observeProcess } from './metrics.js';

export interface TelemetryOptions {
  readonly service: string;
  readonly replica?: string;
  /** Base URL of an OTLP/HTTP collector. Absent: spans are not exported and only give logs and errors their trace ids. */
  readonly otlpEndpoint?: string;
  /** Sampling ratio of new traces, 0 to 1; default 1. The sampling decision of an incoming trace is kept. */
  readonly traceRatio?: number;
  /** Additional span processors, for tests. */
  readonly spanProcessors?: readonly SpanProcessor[];
}

export interface Telemetry {
  /** Exports the remaining spans and removes the global providers. */
  stop(): Promise<void>;
}

/** Collects metrics at each scrape; no periodic export. */
class OnDemandReader extends MetricReader {
  protected override onForceFlush = async (): Promise<void> => undefined;
  protected override onShutdown = async (): Promise<void> => undefined;
}

/** Starts traces and metrics of this process, once. The exporter is loaded only with an OTLP endpoint. */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { service, replica, otlpEndpoint, traceRatio = 1, spanProcessors = [] } = options;
  const resource = resourceFromAttributes({
    'service.name': service,
    'service.namespace': 'runos',
    ...(replica === undefined ? {} : { 'service.instance.id': replica }),
  });
  const exporting = otlpEndpoint === undefined ? [] : [await exportTo(otlpEndpoint)];
  const tracers = new BasicTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(traceRatio) }),
    spanProcessors: [...exporting, ...spanProcessors],
  });
  const reader = new OnDemandReader();
  const meters = new MeterProvider({ resource, readers: [reader] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  exposeMetrics({ reader, serializer: new PrometheusSerializer() });
  observeProcess();
  attachGauges();
  return {
    async stop() {
      exposeMetrics(undefined);
      await Promise.allSettled([tracers.shutdown(), meters.shutdown()]);
      for (const api of [context, propagation, trace, metrics]) api.disable();
    },
  };
}

async function exportTo(endpoint: string): Promise<SpanProcessor> {
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
  return new BatchSpanProcessor(new OTLPTraceExporter({ url }));
}
