import { Fault } from '@runos/kernel';
import { mebibytes, millicores } from './quantity.js';
import type { RenderInput } from './service-type.js';

/**
 * Zero requests are written too. Without them Kubernetes copies the limits into the requests, and a best-effort instance
 * would reserve its whole limit.
 */
export const resourcesOf = (input: RenderInput) => ({
  requests: { cpu: millicores(input.cpuRequestMc), memory: mebibytes(input.memoryRequestMb) },
  limits: { cpu: millicores(input.cpuLimitMc), memory: mebibytes(input.memoryLimitMb) },
});

/** The size of each volume. @throws Fault `internal` for an instance that stores nothing */
export function volumeSizeOf({ osid, storageMb }: RenderInput): string {
  if (storageMb === null) throw new Fault('internal', `${osid} has no storage, but its type needs volumes`);
  return mebibytes(storageMb);
}

/** The StorageClass of the volumes, or undefined for the cluster's default. */
export const storageClassOf = ({ storage, storageClasses }: RenderInput): string | undefined =>
  (storage === 'distributed' ? storageClasses.distributed : storageClasses.local) ?? undefined;
