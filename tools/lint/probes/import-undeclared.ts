// as apps/jobs/src/probe.ts
// must fail: runos/declared-imports
export { probe } from 'express';
