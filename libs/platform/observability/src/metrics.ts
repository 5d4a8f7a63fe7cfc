import { type Attributes, type Meter, type MeterProvider, metrics, type ObservableResult } from '@opentelemetry/api';
import type { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import { type LabelsOf, type MetricName, type MetricOf, metricTable } from './metric-table.js';

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

/** An instrument made before telemetry started would stay deaf: it is made when it is first used, and after a restart. */
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

/** A count that only grows; its name ends with `_total`. */
export function counter<N extends MetricOf<'counter'>>(name: N) {
  const { description } = metricTable[name];
  const made = lazily((meter) => meter.createCounter(name, { description }));
  return { add: (count: number, labels: LabelsOf<N>) => made().add(count, labels as Attributes) };
}

interface Value<N extends MetricName> {
  readonly value: number;
  readonly labels: LabelsOf<N>;
}

/** Nothing when there is nothing to say now. */
type Reading<N extends MetricName> = number | undefined | readonly Value<N>[];
type Read<N extends MetricName> = () => Reading<N> | Promise<Reading<N>>;

/** By metric and by who tells it; the last one of both wins. */
const observed = new Map<string, { readonly name: MetricOf<'gauge' | 'counter'>; readonly read: Read<never> }>();

/**
 * A value that is read when metrics are, and not in between. Before or after telemetry starts. Several of a process may
 * tell the same metric, with labels of their own, when they say who they are.
 */
export function gauge<N extends MetricOf<'gauge' | 'counter'>>(name: N, read: Read<N>, teller = ''): void {
  observed.set(`${name} ${teller}`, { name, read: read as Read<never> });
  attach(name);
}

/** Attaches what was declared before telemetry started. */
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

/** What cannot be read now, as during an outage, is left out: the other metrics are what people need then. */
async function observe(result: ObservableResult, read: Read<never>): Promise<void> {
  const reading = await Promise.resolve()
    .then(read)
    .catch(() => undefined);
  if (typeof reading === 'number') result.observe(reading);
  else for (const { value, labels } of reading ?? []) result.observe(value, labels as Attributes);
}
