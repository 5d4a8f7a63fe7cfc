// as apps/jobs/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/tool-start';
