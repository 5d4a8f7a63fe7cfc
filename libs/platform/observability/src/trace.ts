import {
  type Attributes,
  context,
  type Context,
  propagation,
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
}

/** Runs `work` in a span of that name; an error it throws is recorded and goes on. */
export async function inSpan<T>(name: string, options: SpanOptions, work: () => Promise<T>): Promise<T> {
  const { kind, attributes, parent = context.active() } = options;
  const span = trace.getTracer('runos').startSpan(name, { kind, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
  }
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
