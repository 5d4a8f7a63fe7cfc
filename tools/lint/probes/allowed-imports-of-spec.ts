// as apps/jobs/src/probe.spec.ts
// must pass
export { temporaryPostgres } from '@runos/testing-postgres';
