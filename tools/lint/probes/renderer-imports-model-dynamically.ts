// as libs/catalog/types/src/valkey/v1/probe.ts
// must fail: runos/renderers-import-frozen-code
/** A probe. */
export const model = () => import('@runos/catalog-model');
