import type { Checkpoint } from '../bundles/bundle-record.js';
import type { ObjectState } from './object-state.js';

/** The observed state of an instance, as it is stored. What is empty is left out. `readyRevision` is 0 if there is none. */
export function checkpointOf(
  objects: ReadonlyMap<string, ObjectState>,
  {
    drifts = [],
    additions = [],
    dataLoss,
    claims = {},
    acknowledgedStatus,
    readyRevision = 0,
  }: Omit<Checkpoint, 'applied'>,
): Checkpoint {
  const applied = [...objects].flatMap(([key, state]) => (state.applied ? [[key, state.applied] as const] : []));
  return {
    applied: Object.fromEntries(applied),
    ...(acknowledgedStatus === undefined ? {} : { acknowledgedStatus }),
    ...(readyRevision === 0 ? {} : { readyRevision }),
    ...(dataLoss === undefined ? {} : { dataLoss }),
    ...(Object.keys(claims).length === 0 ? {} : { claims }),
    ...(drifts.length === 0 ? {} : { drifts }),
    ...(additions.length === 0 ? {} : { additions }),
  };
}
