// as libs/platform/persistence/src/probe.spec.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/tool-start';
