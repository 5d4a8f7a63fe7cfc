import { custom, type StorageKind } from './class-id.js';
import { orderIssues, rangeIssues, type SizeIssue } from './number-rules.js';
import {
  classesOf,
  defaultClassId,
  findClass,
  resourceNumberNames,
  type ResourceNumbers,
  type ServiceSizing,
  type SizeClass,
} from './service-sizing.js';
import { storageKindIssues, storageSizeIssues } from './storage-rules.js';

/** The stored size of one instance: the class, its five numbers and the storage. */
export interface Size extends ResourceNumbers {
  /** A class id or `custom`. */
  readonly resourceRequirementClassId: string;
  /** MiB; from the class or the request at creation, unchanged by later class changes. null: stores nothing. */
  readonly storageMb: number | null;
  /** Kept when the class becomes `custom`: the data stays where it is. */
  readonly storage: StorageKind;
}

/** The requested size; an absent field keeps its value or comes from the class. */
export interface SizeRequest extends Partial<ResourceNumbers> {
  readonly resourceRequirementClassId?: string;
  /** MiB */
  readonly storageMb?: number;
}

export type SizeResult =
  | {
      readonly ok: true;
      readonly size: Size;
      /** Why the class became `custom`. */
      readonly rrcFlipHint?: string;
    }
  | {
      readonly ok: false;
      readonly code: 'class.unknown' | 'sizing.invalid';
      readonly issues: readonly SizeIssue[];
    };

export interface SizeContext {
  /** The size of the existing instance; absent at creation. Storage may go back as far as its volumes have not grown. */
  readonly current?: (Size & { readonly volumeCapacityMb?: number | null | undefined }) | undefined;
  /** Whether the cluster can place distributed storage. */
  readonly hasDistributedStorage: boolean;
}

const unknownClass = (sizing: ServiceSizing, id: string): SizeIssue => ({
  path: 'resourceRequirementClassId',
  message: `class "${id}" is not offered by ${sizing.service}; choose one of ${classesOf(sizing)
    .map((offered) => offered.id)
    .join(', ')}`,
});

const sizeOf = (sizeClass: SizeClass, resourceRequirementClassId: string, storageMb: number | null): Size => ({
  resourceRequirementClassId,
  replicas: sizeClass.replicas,
  cpuRequestMc: sizeClass.cpuRequestMc,
  cpuLimitMc: sizeClass.cpuLimitMc,
  memoryRequestMb: sizeClass.memoryRequestMb,
  memoryLimitMb: sizeClass.memoryLimitMb,
  storageMb,
  storage: sizeClass.storage,
});

/** The size that the request changes: the named class, else the current size, else the default class. */
function baseFor(sizing: ServiceSizing, request: SizeRequest, current: Size | undefined): Size | readonly SizeIssue[] {
  const named = request.resourceRequirementClassId;
  if (current && named === undefined) return current;
  if (current && named === custom) return { ...current, resourceRequirementClassId: custom };

  const id = named === undefined || named === custom ? defaultClassId(sizing) : named;
  const found = findClass(sizing, id);
  if (!found) return [unknownClass(sizing, id)];
  if (named !== custom) return sizeOf(found, id, current ? current.storageMb : found.storageMb);

  const missing = resourceNumberNames.filter((name) => request[name] === undefined);
  return missing.length === 0
    ? sizeOf(found, custom, found.storageMb)
    : missing.map((path) => ({ path, message: `class custom needs ${path}: a new instance gives all five numbers` }));
}

/**
 * Resolves a size request. A number that differs from its class flips the class to `custom` with all five numbers; an
 * equal one does not, and storage never does. A failed result contains every issue.
 */
export function resolveSize(sizing: ServiceSizing, request: SizeRequest, context: SizeContext): SizeResult {
  const { current, hasDistributedStorage } = context;
  const ranges = rangeIssues(request);
  const base = baseFor(sizing, request, current);
  if (!('storage' in base)) {
    const isUnknown = request.resourceRequirementClassId !== custom;
    return { ok: false, code: isUnknown ? 'class.unknown' : 'sizing.invalid', issues: [...base, ...ranges] };
  }

  const { resourceRequirementClassId, rrcFlipHint } = flipToCustom(base, request);
  const size: Size = {
    resourceRequirementClassId,
    replicas: request.replicas ?? base.replicas,
    cpuRequestMc: request.cpuRequestMc ?? base.cpuRequestMc,
    cpuLimitMc: request.cpuLimitMc ?? base.cpuLimitMc,
    memoryRequestMb: request.memoryRequestMb ?? base.memoryRequestMb,
    memoryLimitMb: request.memoryLimitMb ?? base.memoryLimitMb,
    storageMb: request.storageMb ?? base.storageMb,
    storage: base.storage,
  };
  const outOfRange = new Set(ranges.map((issue) => issue.path));
  const issues = [
    ...storageKindIssues(base.resourceRequirementClassId, base.storage, current, hasDistributedStorage),
    ...ranges,
    ...orderIssues(size, request, outOfRange),
    ...(outOfRange.has('storageMb') ? [] : storageSizeIssues(sizing, base.storage, request.storageMb, current)),
  ];
  if (issues.length > 0) return { ok: false, code: 'sizing.invalid', issues };
  return rrcFlipHint === undefined ? { ok: true, size } : { ok: true, size, rrcFlipHint };
}

interface Flip {
  /** `custom` after a flip, else the class of `base`. */
  readonly resourceRequirementClassId: string;
  /** Why the class became `custom`; absent without a flip. */
  readonly rrcFlipHint?: string;
}

/**
 * Flips the class to `custom` when a requested number differs from the class. An equal number does not flip it, and
 * storage never does.
 */
function flipToCustom(
  base: ResourceNumbers & { readonly resourceRequirementClassId: string },
  request: Partial<ResourceNumbers>,
): Flip {
  const { resourceRequirementClassId } = base;
  if (resourceRequirementClassId === custom) return { resourceRequirementClassId };
  const differing = resourceNumberNames.filter((name) => request[name] !== undefined && request[name] !== base[name]);
  if (differing.length === 0) return { resourceRequirementClassId };
  const differences = differing.map((name) => `${name} ${request[name]} instead of ${base[name]}`).join(', ');
  return {
    resourceRequirementClassId: custom,
    rrcFlipHint: `The class is now custom, because ${resourceRequirementClassId} was given ${differences}. Name a class to leave custom.`,
  };
}
