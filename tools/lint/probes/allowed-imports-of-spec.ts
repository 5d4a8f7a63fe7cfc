// as apps/jobs/src/probe.spec.ts
// must pass
export { throwAwayPostgres } from '@runos/testing-postgres';
