// as apps/cluster-agent/src/probe.ts
// must fail: runos/no-wall-clock-durations
export const retryAt = (clock: { now(): Date }, delayMs: number): number => clock.now().getTime() + delayMs;
