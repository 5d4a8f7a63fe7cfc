/** Seconds, from a cached read to a slow reply. */
export const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Seconds, for durations that include the time in which a cluster is disconnected. */
const longBounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 86_400];

interface MetricShape {
  readonly kind: 'histogram' | 'counter' | 'gauge';
  readonly description: string;
  /** All labels of the metric. None identifies a tenant, a cluster or an instance: their number is unbounded. */
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

/** Every RunOS metric by its Prometheus name, with all of its labels. Dashboards and alerts use only these. */
export const metricTable = {
  http_server_request_duration_seconds: histogram('Duration of HTTP server requests.', [
    'http_request_method',
    'http_route',
    'http_response_status_code',
  ]),
  rpc_server_call_duration_seconds: histogram('Duration of handling requests from other services.', [
    'rpc_method',
    'outcome',
  ]),
  rpc_client_call_duration_seconds: histogram('Duration of requests to other services, until the reply.', [
    'rpc_method',
    'outcome',
  ]),
  rest_client_request_duration_seconds: histogram('Duration of requests to the Kubernetes API server.', [
    'verb',
    'code',
  ]),
  workqueue_depth: gauge('Ready items in the work queue.', ['name']),
  workqueue_oldest_age_seconds: gauge('Time since the oldest item in the work queue became ready.', ['name']),
  runos_job_duration_seconds: histogram(
    'Time from the request of a job to its end, by outcome.',
    ['type', 'outcome'],
    longBounds,
  ),
  runos_delivery_duration_seconds: histogram('Duration of delivering one bundle.', ['outcome']),
  runos_instruction_duration_seconds: histogram('Duration of instructions to agents, until the reply.', [
    'type',
    'outcome',
  ]),
  runos_agent_streams: gauge('Agent streams that are open on this replica.', []),
  runos_agent_log_lines_dropped_total: counter('Log lines of agents that exceeded their budget.', []),
  runos_registrations_refused_total: counter('Registrations without a valid token, by whether the token exists.', [
    'token',
  ]),
  runos_clusters: gauge('Clusters with a registered agent, by the state of its stream.', ['connection']),
  runos_drift_total: counter('Drifted objects, by the action taken.', ['action']),
  runos_apply_errors_total: counter('Failed applies of objects, by reason.', ['reason']),
  runos_outbox_backlog: gauge('Outbox events that are not published yet.', ['service']),
  runos_outbox_oldest_age_seconds: gauge('Age of the oldest unpublished outbox event.', ['service']),
  runos_outbox_published_total: counter('Published outbox events.', []),
  runos_outbox_publish_duration_seconds: histogram('Duration of publishing one outbox batch.', []),
  runos_ready: gauge('1 while this process is ready.', ['service']),
  db_client_connection_count: gauge('Connections of the pool, by state.', ['state']),
  db_client_connection_pending_requests: gauge('Requests that wait for a connection of the pool.', []),
  runos_agent_certificate_expires_seconds: gauge('Time until the first agent certificate on this replica expires.', []),
  process_resident_memory_bytes: gauge('Resident memory.', []),
  process_cpu_seconds_total: counter('CPU time, user and system.', []),
  nodejs_eventloop_utilization: gauge('Utilization of the event loop since the last scrape, 0 to 1.', []),
} as const satisfies Record<string, MetricShape>;

export type MetricTable = typeof metricTable;
export type MetricName = keyof MetricTable;

/** The names of the metrics of one kind. */
export type MetricOf<K extends MetricShape['kind']> = {
  [N in MetricName]: MetricTable[N]['kind'] extends K ? N : never;
}[MetricName];

/** Label values of a metric. */
export type LabelsOf<N extends MetricName> = Readonly<
  Partial<Record<MetricTable[N]['labels'][number], string | number>>
>;
