// as libs/catalog/types/src/valkey/v1/probe.ts
// must fail: runos/renderers-import-frozen-code
export * from '@runos/catalog-model/render-v2';
