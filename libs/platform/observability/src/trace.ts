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

/** Headers a trace travels in, of whatever transport. */
export type Carrier = Record<string, string>;

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** The trace this continues, as `traceOf` read it from a message; otherwise the current one. */
  readonly parent?: Context;
  /** Other traces that this work is done for as well. */
  readonly links?: readonly Link[];
}

/** Runs `work` in a span of that name; an error it throws is recorded and goes on. */
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

/** `inSpan` where there is a trace already; what nobody asked for, such as a lease that is kept, begins none. */
export const inChildSpan = <T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> =>
  currentTraceId() === undefined ? work() : inSpan(name, options, work);

/** Runs `work` in no trace: for what goes on long after whatever happened to begin it. */
export const withoutTrace = <T>(work: () => T): T => context.with(ROOT_CONTEXT, work);

/**
 * Runs `work` that is done for several messages as one: in their trace when all have the same. Otherwise in a trace of
 * its own that is linked to each of theirs; in each of these a span of the same name and time is linked to it.
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
    const ours = trace.getActiveSpan()?.spanContext();
    const toOurs = ours ? [{ context: ours }] : [];
    const tracer = trace.getTracer('runos');
    const theirs = [...traced.values()].map(({ parent }) =>
      tracer.startSpan(name, { ...options, links: toOurs }, parent),
    );
    try {
      return await work();
    } finally {
      for (const span of theirs) span.end();
    }
  });
}

/** The current trace as headers; empty when there is none. */
export function traceHeaders(): Carrier {
  const carrier: Carrier = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** The trace that headers carry, to be given as `parent`. */
export const traceOf = (carrier: Carrier): Context => propagation.extract(context.active(), carrier);

/** Names the current span once it is known what it is about. */
export function nameSpan(name: string, attributes: Attributes): void {
  trace.getActiveSpan()?.updateName(name).setAttributes(attributes);
}

/** The id under which logs and traces of the current work are found; undefined outside any. */
export const currentTraceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;
