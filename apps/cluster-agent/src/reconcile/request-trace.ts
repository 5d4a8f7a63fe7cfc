import type { ReconcileResult } from '@runos/engine';
import { inSpan, SpanKind, traceOf } from '@runos/observability';
import type { Instance } from '../instances/instance.js';

/** Continues the trace of the request that caused the reconcile. A repair has its own trace, a check has none. */
export function inRequestTrace(instance: Instance, work: () => Promise<ReconcileResult>): Promise<ReconcileResult> {
  const { osid, openRequest, pending } = instance;
  const options = { kind: SpanKind.INTERNAL, attributes: { osid } };
  if (openRequest !== undefined) return inSpan('apply', { ...options, parent: traceOf(openRequest) }, work);
  return pending.size > 0 ? inSpan('repair', options, work) : work();
}
