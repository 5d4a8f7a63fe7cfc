import type { KubeObject } from '@runos/kube-objects';
import type { ApplyOutcome } from '../apply/object-applier.js';
import type { Instance } from '../instances/instance.js';
import type { ObjectState } from '../instances/object-state.js';
import type { PendingChange } from '../instances/pending-changes.js';
import { contentHash, overwrittenStates } from './drift-report.js';

export interface RepairRequest {
  readonly instance: Instance;
  readonly key: string;
  readonly state: ObjectState;
  readonly desired: KubeObject;
  readonly change: PendingChange;
  readonly signal: AbortSignal;
}

export type RepairOutcome =
  | ApplyOutcome
  /** The live object has no drift, or the policy only reports it. */
  | { readonly kind: 'inSync' }
  /** The repair is delayed by the conflict back-off. */
  | { readonly kind: 'delayed'; readonly notBefore: number };

/** What our applies have overwritten, or overwrite now, and no repair has reported. `reported`: the state of a reported drift. */
export function statesToReport({ state, change }: RepairRequest, reported: KubeObject | undefined): KubeObject[] {
  const { overwrites = [], live } = change;
  const isOverwritten = live !== undefined && state.writes.areAfter(live);
  const states = [...overwrites, ...(isOverwritten ? [live] : []), ...(reported ? [reported] : [])];
  const overwritten = overwrittenStates(states, isOverwritten ? undefined : live);
  return overwritten.filter((each) => !state.writes.haveRepaired(each, contentHash));
}
