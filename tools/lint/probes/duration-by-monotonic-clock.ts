// as libs/engine/src/probe.ts
// must pass
export const elapsedMs = (clock: { monotonicMs(): number }, since: number): number => clock.monotonicMs() - since;
export const timestamp = (clock: { now(): Date }): string => clock.now().toISOString();
