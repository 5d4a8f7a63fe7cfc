// as apps/identity/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '../../jobs/src/jobs.module.js';
