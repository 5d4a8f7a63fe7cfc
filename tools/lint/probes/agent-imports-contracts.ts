// as apps/node-agent/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/contracts';
