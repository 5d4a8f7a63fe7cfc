import { type Attributes, type Meter, type MeterProvider, metrics, type ObservableResult } from '@opentelemetry/api';
import type { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import { type LabelsOf, type MetricName, type MetricOf, metricTable } from './metric-table.js';

interface Source {
  readonly reader: MetricReader;
  readonly serializer: PrometheusSerializer;
}

let source: Source | undefined;

/** Sets the source of `/metrics`. Telemetry sets it on start and removes it on stop. */
export function exposeMetrics(newSource: Source | undefined): void {
  source = newSource;
}

/** The metrics of this process as Prometheus text; empty before telemetry has started. @throws AggregateError */
export async function metricsText(): Promise<string> {
  if (source === undefined) return '';
  const { resourceMetrics, errors } = await source.reader.collect();
  if (errors.length > 0) throw new AggregateError(errors, 'metrics could not be collected');
  return source.serializer.serialize(resourceMetrics);
}

/** Creates an instrument on first use and after a restart of telemetry: one of an old provider records nothing. */
function lazily<Instrument>(create: (meter: Meter) => Instrument): () => Instrument {
  let current: { readonly provider: MeterProvider; readonly instrument: Instrument } | undefined;
  return () => {
    const provider = metrics.getMeterProvider();
    if (current?.provider !== provider) current = { provider, instrument: create(metrics.getMeter('runos')) };
    return current.instrument;
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
  const instrument = lazily((meter) => meter.createCounter(name, { description }));
  return { add: (count: number, labels: LabelsOf<N>) => instrument().add(count, labels as Attributes) };
}

interface Value<N extends MetricName> {
  readonly value: number;
  readonly labels: LabelsOf<N>;
}

/** Undefined: the metric has no value at this scrape. */
type Reading<N extends MetricName> = number | undefined | readonly Value<N>[];
type Read<N extends MetricName> = () => Reading<N> | Promise<Reading<N>>;

/** Callbacks by metric and reporter; a later one replaces an earlier one. */
const observed = new Map<string, { readonly name: MetricOf<'gauge' | 'counter'>; readonly read: Read<never> }>();

/**
 * Registers a callback that reads a value at each scrape, before or after telemetry starts. Several parts of a process
 * may report the same metric with different labels; each passes its own `reporter`.
 */
export function gauge<N extends MetricOf<'gauge' | 'counter'>>(name: N, read: Read<N>, reporter = ''): void {
  observed.set(`${name} ${reporter}`, { name, read: read as Read<never> });
  attach(name);
}

/** Attaches the gauges that were registered before telemetry started. */
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
    const reporters = [...observed.values()].filter((one) => one.name === name);
    await Promise.all(reporters.map(({ read }) => observe(result, read)));
  });
}

/** Omits a value that cannot be read, as during an outage: the scrape must still return all other metrics. */
async function observe(result: ObservableResult, read: Read<never>): Promise<void> {
  const reading = await Promise.resolve()
    .then(read)
    .catch(() => undefined);
  if (typeof reading === 'number') result.observe(reading);
  else for (const { value, labels } of reading ?? []) result.observe(value, labels as Attributes);
}

/** Registers memory, CPU time and event loop utilization of this process; read at each scrape only. */
export function observeProcess(): void {
  gauge('process_resident_memory_bytes', () => process.memoryUsage.rss());
  gauge('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  let before = performance.eventLoopUtilization();
  gauge('nodejs_eventloop_utilization', () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  });
}
