import { AsyncLocalStorage } from 'node:async_hooks';
import type { Actor, Scope, ServiceName } from '@runos/contracts';

/** Tenant, actor and deadline of the call that is being handled. */
export interface CallContext<S extends Scope = Scope> {
  /** The account (aid) of a tenant-scoped request; undefined for plane scope. */
  readonly tenant: S extends 'tenant' ? string : string | undefined;
  readonly actor: Actor;
  /** The caller's deadline by this process's `performance.now()`. */
  readonly deadlineAt: number;
}

/** `ended`: the reply was sent; background work that continues no longer belongs to the call. */
const calls = new AsyncLocalStorage<{ readonly call: CallContext; ended: boolean }>();

/** The current call, if any. Nested requests inherit its actor and its remaining deadline. */
export function currentCall(): CallContext | undefined {
  const running = calls.getStore();
  return running?.ended ? undefined : running?.call;
}

/** Runs `work` in the context of a call, which ends with `work`. */
export async function runInCall<T>(call: CallContext, work: () => T | Promise<T>): Promise<T> {
  const running = { call, ended: false };
  try {
    return await calls.run(running, work);
  } finally {
    running.ended = true;
  }
}

/** Milliseconds until the caller's deadline; infinite outside a call. */
export const remainingMs = (call = currentCall()): number => (call?.deadlineAt ?? Infinity) - performance.now();

/** The actor of a service's own work. */
export const systemActor = (service: ServiceName): Actor => ({ kind: 'system', id: service, name: service });
