import { eventually } from '@runos/tool-e2e';
import type { Span, SpanCollector } from './span-collector.js';

/** A span and its ancestors, root first. */
export function ancestorsOf(span: Span, spans: readonly Span[]): Span[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? ancestorsOf(parent, spans) : []), span];
}

/** The service and the first word of each span's name; the rest of a name depends on the subject. */
export const summaryOf = (line: readonly Span[]): string[] =>
  line.map(({ service, name }) => `${service} ${name.split(/[ :.]+/)[0]}`);

/** The spans of a trace once each has its parent and all expected ones exist; `origin` is the caller's span. */
export const waitForTrace = (
  collector: SpanCollector,
  { traceId, origin }: { readonly traceId: string; readonly origin: string },
  complete: (spans: readonly Span[]) => boolean,
): Promise<Span[]> =>
  eventually(`the whole trace ${traceId}`, 20_000, () => {
    const spans = collector.of(traceId);
    const known = new Set([origin, ...spans.map(({ spanId }) => spanId)]);
    const whole = spans.every(({ parentSpanId }) => known.has(parentSpanId));
    return Promise.resolve(whole && complete(spans) ? spans : undefined);
  });

/** Every request to Kubernetes that created or changed an object of a bundle. */
export const appliesIn = (spans: readonly Span[]): Span[] =>
  spans.filter(
    (span) =>
      span.service === 'cluster-agent' &&
      /^kubernetes (POST|PATCH)$/.test(span.name) &&
      spans.some(({ spanId, name }) => spanId === span.parentSpanId && name === 'apply'),
  );

/** The job updates that the jobs service received as a result of an agent's report. */
export const jobUpdatesOfAgentIn = (spans: readonly Span[]): Span[] =>
  spans.filter(
    (span) =>
      span.service === 'jobs' &&
      span.name.startsWith('consume') &&
      ancestorsOf(span, spans).some(({ name }) => name === 'send BundleStatus'),
  );

/** The spans of a write from HTTP to the cluster agent, in order. */
export const requestPath = [
  'gateway POST',
  'gateway request',
  'reconciler respond',
  'reconciler deliver',
  'reconciler request',
  'agent-gateway respond',
  'agent-gateway instruct',
  'cluster-agent handle',
];
/** The spans of a status report from the cluster agent to the jobs service, in order. */
export const reportPath = [
  'cluster-agent send',
  'agent-gateway report',
  'agent-gateway request',
  'reconciler respond',
  'jobs consume',
];
