// as libs/domain/osid/src/probe.spec.ts
// must fail: @nx/enforce-module-boundaries
export { temporaryPostgres } from '@runos/testing-postgres';
