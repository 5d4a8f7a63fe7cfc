// as apps/cluster-agent/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/messaging';
