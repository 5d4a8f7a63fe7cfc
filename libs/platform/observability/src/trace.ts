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

/** The propagation headers of a trace, for any transport. */
export type Carrier = Record<string, string>;

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** The parent trace, extracted by `traceOf`; default the current one. */
  readonly parent?: Context;
  /** Links to the other traces of this work. */
  readonly links?: readonly Link[];
}

/** Runs `work` in a span; a thrown error is recorded and rethrown. */
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

/** `inSpan` within an existing trace. Background work such as lease renewal starts no trace. */
export const inChildSpan = <T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> =>
  currentTraceId() === undefined ? work() : inSpan(name, options, work);

/** Runs `work` without a trace: for work that outlives its cause. */
export const withoutTrace = <T>(work: () => T): T => context.with(ROOT_CONTEXT, work);

/**
 * Runs batch work for several messages: in their trace when they share one. Otherwise in a trace of its own that links
 * to each of theirs; each of these gets a span of the same name and time that links back.
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

/** Extracts the trace of headers, for `parent`. */
export const traceOf = (carrier: Carrier): Context => propagation.extract(context.active(), carrier);

/** Renames the current span and adds attributes. */
export function nameSpan(name: string, attributes: Attributes): void {
  trace.getActiveSpan()?.updateName(name).setAttributes(attributes);
}

/** The current trace id, also in logs; undefined outside a trace. */
export const currentTraceId = (): string | undefined => trace.getActiveSpan()?.spanContext().traceId;
