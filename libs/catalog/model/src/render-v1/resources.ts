import { Fault } from '@runos/kernel';
import type { ResourceNumbers } from '@runos/sizing';
import type { RenderInput } from '../service-type.js';

const binary = ['Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/**
 * MiB as a canonical Kubernetes quantity: `2048` → `2Gi`, `1536` → `1536Mi`, `0` → `0`. Custom resources keep the sent
 * spelling, so another spelling would be reported as drift.
 */
function mebibytes(amount: number): string {
  if (amount === 0) return '0';
  let value = amount;
  let power = 0;
  while (value % 1024 === 0 && power < binary.length - 1) {
    value /= 1024;
    power += 1;
  }
  return `${value}${binary[power]}`;
}

/** Millicores as a canonical Kubernetes quantity: `1000` → `1`, `1500` → `1500m`, `0` → `0`. */
const millicores = (amount: number): string => (amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`);

/**
 * Zero requests are written too. Without them Kubernetes copies the limits into the requests, and a best-effort instance
 * would reserve its whole limit.
 */
export const resourcesOf = (input: ResourceNumbers) => ({
  requests: { cpu: millicores(input.cpuRequestMc), memory: mebibytes(input.memoryRequestMb) },
  limits: { cpu: millicores(input.cpuLimitMc), memory: mebibytes(input.memoryLimitMb) },
});

/**
 * The size of each volume.
 * @throws Fault `internal` for an instance that stores nothing
 */
export function volumeSizeOf({ osid, storageMb }: RenderInput): string {
  if (storageMb === null) throw new Fault('internal', `${osid} has no storage, but its type needs volumes`);
  return mebibytes(storageMb);
}

/** The StorageClass of the volumes, or undefined for the cluster's default. */
export const storageClassOf = ({ storage, storageClasses }: RenderInput): string | undefined =>
  (storage === 'distributed' ? storageClasses.distributed : storageClasses.local) ?? undefined;
