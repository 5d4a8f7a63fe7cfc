import { eventually } from '@runos/tool-e2e';
import type { Span, SpanCollector } from './span-collector.js';

/** A span and those it lies in, outermost first. */
export function lineOf(span: Span, spans: readonly Span[]): Span[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return [...(parent ? lineOf(parent, spans) : []), span];
}

/** A line as service and first word of each span: what follows in a name is the subject's own business. */
export const wordsOf = (line: readonly Span[]): string[] =>
  line.map(({ service, name }) => `${service} ${name.split(/[ :.]+/)[0]}`);

/** The spans of a trace once none lacks its parent and all that is waited for is among them; `origin` is the caller's. */
export const wholeTrace = (
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

/** Every request to Kubernetes that made or changed an object of a bundle. */
export const appliesIn = (spans: readonly Span[]): Span[] =>
  spans.filter(
    (span) =>
      span.service === 'cluster-agent' &&
      /^kubernetes (POST|PATCH)$/.test(span.name) &&
      spans.some(({ spanId, name }) => spanId === span.parentSpanId && name === 'apply'),
  );

/** What the jobs service heard of a job because of what its agent reported. */
export const newsOfAgentIn = (spans: readonly Span[]): Span[] =>
  spans.filter(
    (span) =>
      span.service === 'jobs' &&
      span.name.startsWith('hear') &&
      lineOf(span, spans).some(({ name }) => name === 'send BundleStatus'),
  );
