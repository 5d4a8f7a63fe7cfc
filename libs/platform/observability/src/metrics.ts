import { type Attributes, type Meter, type MeterProvider, metrics, type ObservableResult } from '@opentelemetry/api';
import type { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import { type LabelsOf, type MetricName, type MetricOf, metricTable } from './metric-table.js';

interface Source {
  readonly reader: MetricReader;
  readonly serializer: PrometheusSerializer;
}

let source: Source | undefined;

/** The source of `/metrics`; telemetry sets it at start and clears it at stop. */
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

/** Instruments are created at first use and after a restart, because one created before telemetry records nothing. */
function lazily<Instrument>(make: (meter: Meter) => Instrument): () => Instrument {
  let made: { readonly provider: MeterProvider; readonly instrument: Instrument } | undefined;
  return () => {
    const provider = metrics.getMeterProvider();
    if (made?.provider !== provider) made = { provider, instrument: make(metrics.getMeter('runos')) };
    return made.instrument;
  };
}

/** A histogram of durations in seconds; `record` takes milliseconds. */
export function durations<N extends MetricOf<'histogram'>>(name: N) {
  const { description, bounds } = metricTable[name];
  const advice = { explicitBucketBoundaries: [...bounds] };
  const histogram = lazily((meter) => meter.createHistogram(name, { unit: 's', description, advice }));
  return { record: (ms: number, labels: LabelsOf<N>) => histogram().record(ms / 1_000, labels as Attributes) };
}

/** A monotonic counter; its name ends with `_total`. */
export function counter<N extends MetricOf<'counter'>>(name: N) {
  const { description } = metricTable[name];
  const made = lazily((meter) => meter.createCounter(name, { description }));
  return { add: (count: number, labels: LabelsOf<N>) => made().add(count, labels as Attributes) };
}

interface Value<N extends MetricName> {
  readonly value: number;
  readonly labels: LabelsOf<N>;
}

/** undefined when there is no value now. */
type Reading<N extends MetricName> = number | undefined | readonly Value<N>[];
type Read<N extends MetricName> = () => Reading<N> | Promise<Reading<N>>;

/** By metric and source; the last registration of a pair wins. */
const observed = new Map<string, { readonly name: MetricOf<'gauge' | 'counter'>; readonly read: Read<never> }>();

/**
 * A value that is read when metrics are scraped. May be registered before or after telemetry starts. Several sources of
 * one process may report the same metric with different labels when they pass different `source` names.
 */
export function gauge<N extends MetricOf<'gauge' | 'counter'>>(name: N, read: Read<N>, teller = ''): void {
  observed.set(`${name} ${teller}`, { name, read: read as Read<never> });
  attach(name);
}

/** Attaches gauges that were registered before telemetry started. */
export function attachGauges(): void {
  attached = new Set();
  for (const { name } of observed.values()) attach(name);
}

let attached: Set<string> | undefined;

function attach(name: MetricOf<'gauge' | 'counter'>): void {
  if (attached === undefined || attached.has(name)) return;
  attached.add(name);
  const { kind, description } = metricTable[name];
  const meter = metrics.getMeter('runos');
  const instrument =
    kind === 'gauge'
      ? meter.createObservableGauge(name, { description })
      : meter.createObservableCounter(name, { description });
  instrument.addCallback(async (result) => {
    const tellers = [...observed.values()].filter((one) => one.name === name);
    await Promise.all(tellers.map(({ read }) => observe(result, read)));
  });
}

/** A gauge whose read fails, as during an outage, is omitted, so that the other metrics stay available. */
async function observe(result: ObservableResult, read: Read<never>): Promise<void> {
  const reading = await Promise.resolve()
    .then(read)
    .catch(() => undefined);
  if (typeof reading === 'number') result.observe(reading);
  else for (const { value, labels } of reading ?? []) result.observe(value, labels as Attributes);
}
