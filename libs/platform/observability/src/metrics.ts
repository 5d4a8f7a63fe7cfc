import { type Meter, metrics } from '@opentelemetry/api';
import type { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { MetricReader } from '@opentelemetry/sdk-metrics';

interface Source {
  readonly reader: MetricReader;
  readonly serializer: PrometheusSerializer;
}

let source: Source | undefined;

/** Where `/metrics` reads from; telemetry sets it when it starts and takes it away when it stops. */
export function exposeMetrics(from: Source | undefined): void {
  source = from;
}

/** The metrics of this process as Prometheus text; empty before telemetry has started. */
export async function metricsText(): Promise<string> {
  if (source === undefined) return '';
  const { resourceMetrics, errors } = await source.reader.collect();
  if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected');
  return source.serializer.serialize(resourceMetrics);
}

/** Where instruments are made: `meter('outbox').createCounter('runos_outbox_published_total')`. */
export const meter = (scope: string): Meter => metrics.getMeter(`runos.${scope}`);

/** Seconds, from a cached read to a job: the bounds of every duration histogram. */
export const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A histogram of durations in seconds; `record` takes milliseconds. */
export function durations(scope: string, name: string, description: string) {
  const histogram = meter(scope).createHistogram(name, {
    unit: 's',
    description,
    advice: { explicitBucketBoundaries: durationBounds },
  });
  return { record: (ms: number, labels: Record<string, string>) => histogram.record(ms / 1_000, labels) };
}
