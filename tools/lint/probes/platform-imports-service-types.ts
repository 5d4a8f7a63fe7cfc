// as libs/platform/persistence/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/service-types';
