import { type Attributes, type Meter, type MeterProvider, metrics } from '@opentelemetry/api';
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

/** Seconds, from a cached read to a job: the bounds of every duration histogram. */
export const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** An instrument made before telemetry started would stay deaf: it is made when it is first used, and after a restart. */
function lazily<Instrument>(scope: string, make: (meter: Meter) => Instrument): () => Instrument {
  let made: { readonly provider: MeterProvider; readonly instrument: Instrument } | undefined;
  return () => {
    const provider = metrics.getMeterProvider();
    if (made?.provider !== provider) made = { provider, instrument: make(metrics.getMeter(`runos.${scope}`)) };
    return made.instrument;
  };
}

/** A histogram of durations in seconds; `record` takes milliseconds. */
export function durations(scope: string, name: string, description: string) {
  const advice = { explicitBucketBoundaries: durationBounds };
  const histogram = lazily(scope, (meter) => meter.createHistogram(name, { unit: 's', description, advice }));
  return { record: (ms: number, labels: Attributes) => histogram().record(ms / 1_000, labels) };
}

/** A count that only grows; its name ends with `_total`. */
export function counter(scope: string, name: string, description: string) {
  const made = lazily(scope, (meter) => meter.createCounter(name, { description }));
  return { add: (count: number, labels: Attributes = {}) => made().add(count, labels) };
}

const gauges = new Map<string, { readonly description: string; readonly read: () => number }>();

/** A value that is read when metrics are, and not in between. Before or after telemetry starts; the last one of a name wins. */
export function gauge(name: string, description: string, read: () => number): void {
  gauges.set(name, { description, read });
  attach(name);
}

/** Attaches what was declared before telemetry started. */
export function attachGauges(): void {
  attached = new Set();
  for (const name of gauges.keys()) attach(name);
}

let attached: Set<string> | undefined;

function attach(name: string): void {
  const declared = gauges.get(name);
  if (attached === undefined || attached.has(name) || declared === undefined) return;
  attached.add(name);
  const { description } = declared;
  metrics
    .getMeter('runos.gauges')
    .createObservableGauge(name, { description })
    .addCallback((result) => result.observe(gauges.get(name)?.read() ?? 0));
}
