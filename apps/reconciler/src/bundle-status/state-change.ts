import type { InstanceRow } from '../schema/instance-row.js';
import { lastingStates, type Observation } from './observation.js';

type State = Observation['observed']['state'];

/** A change between lasting states that is worth an event. */
export interface StateChange {
  readonly from: State;
  readonly to: State;
}

/**
 * The change since the last event about the state. Every recovery from a state that had an event has one too, so that
 * the events of an instance end with how it is. A change for the worse has none while a job shows it in its log. It has
 * none while it may be the short effect of a repair.
 */
export function stateChangeOf(
  { reported_state: reported }: Pick<InstanceRow, 'reported_state'>,
  { observed: { state: to }, current, serious }: Observation,
  hasJob: boolean,
): StateChange | undefined {
  const from = reported ?? 'healthy';
  if (!current || !lastingStates.has(to) || to === from) return undefined;
  return to === 'healthy' || (serious && !hasJob) ? { from, to } : undefined;
}
