// as libs/catalog/types/src/valkey/v1/probe.ts
// must fail: runos/renderers-import-frozen-code
import { type KubeObject, labelsOf } from '@runos/kube-objects';

/** A probe. */
export const labels = (object: KubeObject) => [object, labelsOf];
