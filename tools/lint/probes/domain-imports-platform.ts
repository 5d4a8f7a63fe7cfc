// as libs/domain/osid/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/config';
