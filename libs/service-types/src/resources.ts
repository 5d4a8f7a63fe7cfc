import { mebibytes, millicores } from './quantity.js';
import type { RenderInput } from './service-type.js';

/**
 * Requests are written also when they are zero: without them Kubernetes copies the limits into the requests, and a
 * best-effort instance would take its whole limit out of the cluster.
 */
export const resourcesOf = (input: RenderInput) => ({
  requests: { cpu: millicores(input.cpuRequestMc), memory: mebibytes(input.memoryRequestMb) },
  limits: { cpu: millicores(input.cpuLimitMc), memory: mebibytes(input.memoryLimitMb) },
});

/** The StorageClass to name, or undefined for the cluster's default. */
export const storageClassOf = ({ storage, storageClasses }: RenderInput): string | undefined =>
  (storage === 'distributed' ? storageClasses.distributed : storageClasses.local) ?? undefined;
