// as apps/reconciler/src/probe.ts
// must fail: @nx/enforce-module-boundaries
export { probe } from '@runos/kube-client';
