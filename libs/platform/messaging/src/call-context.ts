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

const calls = new AsyncLocalStorage<CallContext>();

/** The call this code runs for, if any: what it asks in turn inherits its actor and the rest of its deadline. */
export const currentCall = (): CallContext | undefined => calls.getStore();

export const withinCall = <T>(call: CallContext, work: () => T): T => calls.run(call, work);

/** Milliseconds until the caller stops waiting; infinite outside a call. */
export const remainingMs = (call = currentCall()): number => (call?.deadlineAt ?? Infinity) - performance.now();

/** A service acting by itself. */
export const systemActor = (service: ServiceName): Actor => ({ kind: 'system', id: service, name: service });
