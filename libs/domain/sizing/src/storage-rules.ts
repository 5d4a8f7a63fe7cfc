import type { SizeIssue } from './number-rules.js';
import type { ServiceSizing } from './service-sizing.js';
import type { StorageKind } from './class-id.js';

interface Storage {
  /** MiB; null: stores nothing. */
  readonly storageMb: number | null;
  readonly storage: StorageKind;
  /** What the largest volume really has, MiB; null or absent: unknown. */
  readonly volumeCapacityMb?: number | null | undefined;
}

/** Issues of the requested storage in MiB, at creation (`current` undefined) or for an existing instance. */
export function storageSizeIssues(
  sizing: ServiceSizing,
  kind: StorageKind,
  requested: number | undefined,
  current: Storage | undefined,
): SizeIssue[] {
  const path = 'storageMb';
  if (requested === undefined || requested === current?.storageMb) return [];
  if (kind === 'none')
    return [{ path, message: `storageMb is ${requested}, but ${sizing.service} has no storage: omit it` }];
  if (!current || current.storageMb === null) return [];
  const was = `storageMb is ${current.storageMb} and cannot become ${requested}`;
  if (sizing.storageChange === 'fixed')
    return [{ path, message: `${was}: the storage of ${sizing.service} is fixed at creation; create a new instance` }];
  if (requested >= current.storageMb) return [];
  const { volumeCapacityMb: capacityMb } = current;
  if (capacityMb === undefined || capacityMb === null) return [{ path, message: `${was}: storage only grows` }];
  if (requested >= capacityMb) return []; // the volumes have not grown beyond it
  return [{ path, message: `${was}: storage only grows, and a volume has ${capacityMb} MiB already` }];
}

/** Issues of the class's kind of storage: existing data does not move, and distributed storage must exist. */
export function storageKindIssues(
  classId: string,
  kind: StorageKind,
  current: Storage | undefined,
  hasDistributedStorage: boolean,
): SizeIssue[] {
  const path = 'resourceRequirementClassId';
  if (current && current.storage !== kind)
    return [
      {
        path,
        message: `class ${classId} needs ${kind} storage, but this instance's data is on ${current.storage} storage and stays there; choose a class on ${current.storage} storage or create a new instance`,
      },
    ];
  if (!current && kind === 'distributed' && !hasDistributedStorage)
    return [
      {
        path,
        message: `class ${classId} needs distributed storage, and the cluster has no distributedStorageClass; choose a class on local storage (tier c0 or c2)`,
      },
    ];
  return [];
}
