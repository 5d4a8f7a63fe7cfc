/** Bucket bounds in seconds, from a cached read to a slow response. */
export const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Bucket bounds in seconds, for work that may wait for a disconnected cluster. */
const longBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 86_400];

interface MetricShape {
  readonly kind: 'histogram' | 'counter' | 'gauge';
  readonly description: string;
  /** Its labels. None names a tenant, cluster or instance, because their number is unbounded. */
  readonly labels: readonly string[];
  /** Bucket bounds of a histogram, s. */
  readonly bounds?: readonly number[];
}

const histogram = <const L extends string>(description: string, labels: readonly L[], bounds = durationBounds) =>
  ({ kind: 'histogram', description, labels, bounds }) as const;
const counter = <const L extends string>(description: string, labels: readonly L[]) =>
  ({ kind: 'counter', description, labels }) as const;
const gauge = <const L extends string>(description: string, labels: readonly L[]) =>
  ({ kind: 'gauge', description, labels }) as const;

/** Every metric by its Prometheus name, with all its labels. Dashboards and alerts rely on this table. */
export const metricTable = {
  http_server_request_duration_seconds: histogram('Time to answer an HTTP request.', [
    'http_request_method',
    'http_route',
    'http_response_status_code',
  ]),
  rpc_server_call_duration_seconds: histogram('Time to answer a request of another service.', [
    'rpc_method',
    'outcome',
  ]),
  rpc_client_call_duration_seconds: histogram('Time until another service has answered.', ['rpc_method', 'outcome']),
  rest_client_request_duration_seconds: histogram('Time until the API server has answered.', ['verb', 'code']),
  workqueue_depth: gauge('Work that is due and not done.', ['name']),
  workqueue_oldest_age_seconds: gauge('How long the oldest of that work has been due.', ['name']),
  runos_job_duration_seconds: histogram('From asked for to ended, by how it ended.', ['type', 'outcome'], longBounds),
  runos_delivery_duration_seconds: histogram('Time to hand one bundle over.', ['outcome']),
  runos_instruction_duration_seconds: histogram('Time until an agent has answered.', ['type', 'outcome']),
  runos_agent_streams: gauge('Agents whose stream is on this replica.', []),
  runos_clusters: gauge('Clusters that have ever had an agent, by whether its stream is open.', ['connection']),
  runos_drift_total: counter('What others did to our objects, by what became of it.', ['action']),
  runos_apply_errors_total: counter('Objects that could not be applied, by reason.', ['reason']),
  runos_outbox_backlog: gauge('Events that their stream does not have yet.', ['service']),
  runos_outbox_oldest_age_seconds: gauge('How long the oldest of those has waited.', ['service']),
  runos_outbox_published_total: counter('Events handed to their stream.', []),
  runos_outbox_publish_duration_seconds: histogram('Time to publish one batch.', []),
  runos_ready: gauge('1 when this process may be sent work.', ['service']),
  db_client_connection_count: gauge('Connections of the pool.', ['state']),
  db_client_connection_pending_requests: gauge('Work that waits for a connection of the pool.', []),
  runos_agent_certificate_expires_seconds: gauge('Until the certificate of this agent ends.', []),
  process_resident_memory_bytes: gauge('Resident memory.', []),
  process_cpu_seconds_total: counter('CPU time so far, user and system.', []),
  nodejs_eventloop_utilization: gauge('Busy share of the event loop since the last read, 0 to 1.', []),
} as const satisfies Record<string, MetricShape>;

export type MetricTable = typeof metricTable;
export type MetricName = keyof MetricTable;

/** The metric names of one kind. */
export type MetricOf<K extends MetricShape['kind']> = {
  [N in MetricName]: MetricTable[N]['kind'] extends K ? N : never;
}[MetricName];

/** Values for the labels of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<
  Partial<Record<MetricTable[N]['labels'][number], string | number>>
>;
