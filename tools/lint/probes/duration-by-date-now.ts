// as libs/engine/src/probe.ts
// must fail: runos/no-wall-clock-durations
/** A probe. */
export const elapsedMs = (since: number): number => Date.now() - since;
