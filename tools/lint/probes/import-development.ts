// as libs/engine/src/probe.ts
// must fail: runos/declared-imports
export { probe } from 'fast-check';
