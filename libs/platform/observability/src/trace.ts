import {
  type Attributes,
  context,
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';

export { SpanKind } from '@opentelemetry/api';

/** The trace context as headers, independent of the transport. */
export type Carrier = Record<string, string>;

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** The parent context, as `traceOf` reads it from a message. Default: the active one. */
  readonly parent?: Context;
  /** Links to other traces that caused this work. */
  readonly links?: readonly Link[];
}

/** Runs `work` in a span of this name. An error is recorded in the span and rethrown. */
export async function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const { kind, attributes, parent = context.active(), links = [] } = options;
  const span = trace.getTracer('runos').startSpan(name, { kind, attributes, links: [...links] }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
  }
}

/** `inSpan` within an active trace; starts no new trace, so periodic work such as renewing a lease stays untraced. */
export const inChildSpan = <T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> =>
  currentTraceId() === undefined ? work() : inSpan(name, options, work);

/** Runs `work` outside of any trace: for background work that outlives the request that started it. */
export const withoutTrace = <T>(work: () => T): T => context.with(ROOT_CONTEXT, work);

/**
 * Runs `work` for a batch of messages. When all belong to one trace, the span continues it. Otherwise it starts a new
 * trace with links to the traces of the messages. Each of those traces gets a span of the same name and time with a
 * link back.
 */
export async function inSpanOfAll<T>(
  name: string,
  options: Pick<SpanOptions, 'kind' | 'attributes'>,
  carriers: readonly Carrier[],
  work: () => Promise<T>,
): Promise<T> {
  const parents = carriers.map((carrier) => propagation.extract(ROOT_CONTEXT, carrier));
  const origins = parents.flatMap((parent) => {
    const origin = trace.getSpanContext(parent);
    return origin === undefined ? [] : [{ parent, origin }];
  });
  const traced = new Map(origins.map((each) => [each.origin.traceId, each]));
  if (traced.size === 1 && origins.length === carriers.length) {
    return inSpan(name, { ...options, parent: parents[0] }, work);
  }
  const links = [...traced.values()].map(({ origin }) => ({ context: origin }));
  return inSpan(name, { ...options, parent: ROOT_CONTEXT, links }, async () => {
    const batch = trace.getActiveSpan()?.spanContext();
    const backLinks = batch ? [{ context: batch }] : [];
    const tracer = trace.getTracer('runos');
    const originSpans = [...traced.values()].map(({ parent }) =>
      tracer.startSpan(name, { ...options, links: backLinks }, parent),
    );
    try {
      return await work();
    } finally {
      for (const span of originSpans) span.end();
    }
  });
}

/** The active trace context as headers; empty without one. */
export function traceHeaders(): Carrier {
  const carrier: Carrier = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** The trace context of headers, for `SpanOptions.parent`. */
export const traceOf = (carrier: Carrier): Context => propagation.extract(context.active(), carrier);

/** Renames the active span, for names that are known only after it has started (an HTTP route). */
export function nameSpan(name: string, attributes: Attributes): void {
  trace.getActiveSpan()?.updateName(name).setAttributes(attributes);
}

/** The id of the active trace; undefined outside of a trace. */
export const currentTraceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;
