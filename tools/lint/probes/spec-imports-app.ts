// as apps/jobs/src/probe.spec.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/identity';
