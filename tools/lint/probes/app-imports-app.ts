// as apps/identity/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/jobs';
