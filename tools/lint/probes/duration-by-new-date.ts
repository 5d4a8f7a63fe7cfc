// as apps/gateway/src/probe.ts
// must fail: runos/no-wall-clock-durations
export const elapsedMs = (since: number): number => new Date().getTime() - since;
