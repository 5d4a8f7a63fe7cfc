import { AsyncLocalStorage } from 'node:async_hooks';
import type { Actor, Scope, ServiceName } from '@runos/contracts';

/** Who asks, for which account, and how long the answer is still wanted. */
export interface CallContext<S extends Scope = Scope> {
  /** The account (aid) a tenant-scoped request is about; a plane-scoped one has none. */
  readonly tenant: S extends 'tenant' ? string : string | undefined;
  readonly actor: Actor;
  /** When the caller stops waiting, by this process' `performance.now()`. */
  readonly deadlineAt: number;
}

/** `over`: it was answered; what it left running in the background is nobody's call any more. */
const calls = new AsyncLocalStorage<{ readonly call: CallContext; over: boolean }>();

/** The call this code runs for, if any: what it asks in turn inherits its actor and the rest of its deadline. */
export function currentCall(): CallContext | undefined {
  const running = calls.getStore();
  return running?.over ? undefined : running?.call;
}

/** Runs `work` for a call, which is over when `work` is. */
export async function runInCall<T>(call: CallContext, work: () => T | Promise<T>): Promise<T> {
  const running = { call, over: false };
  try {
    return await calls.run(running, work);
  } finally {
    running.over = true;
  }
}

/** Milliseconds until the caller stops waiting; infinite outside a call. */
export const remainingMs = (call = currentCall()): number => (call?.deadlineAt ?? Infinity) - performance.now();

/** A service acting by itself. */
export const systemActor = (service: ServiceName): Actor => ({ kind: 'system', id: service, name: service });
