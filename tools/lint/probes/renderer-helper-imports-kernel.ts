// as libs/catalog/model/src/render-v1/probe.ts
// must fail: runos/renderers-import-frozen-code
export { Fault, randomString } from '@runos/kernel';
