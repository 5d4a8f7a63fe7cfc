// as libs/engine/src/probe.ts
// must pass
/** A probe. */
export const elapsedMs = (clock: { monotonicMs(): number }, since: number): number => clock.monotonicMs() - since;
/** A second probe. */
export const timestamp = (clock: { now(): Date }): string => clock.now().toISOString();
