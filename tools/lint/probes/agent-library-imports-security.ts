// as libs/agent/session/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/security';
