import { custom } from './class-id.js';
import { orderIssues, rangeIssues, type SizeIssue } from './number-rules.js';
import {
  classesOf,
  defaultClassId,
  findClass,
  type ResourceNumbers,
  resourceNumberNames,
  type ServiceSizing,
  type SizeClass,
} from './service-sizing.js';
import { storageKindIssues, storageSizeIssues } from './storage-rules.js';
import type { StorageKind } from './tier.js';

/** The size of one instance, as it is kept: the class, its five numbers written out, and the storage. */
export interface Size extends ResourceNumbers {
  /** A class id or `custom`. */
  readonly resourceRequirementClassId: string;
  /** MiB; from the class or the wish at creation, kept from then on. 0 when nothing is stored. */
  readonly storageMb: number;
  /** Outlives the class: an instance that turned `custom` still is where it was. */
  readonly storage: StorageKind;
}

/** What a caller may ask for; whatever is left out stays as it is, or comes from the class. */
export type SizeRequest = Partial<Omit<Size, 'storage'>>;

export type SizeAnswer =
  | {
      readonly ok: true;
      readonly size: Size;
      /** Says that and why the class became `custom`. */
      readonly rrcFlipHint?: string;
    }
  | {
      readonly ok: false;
      readonly code: 'class.unknown' | 'sizing.invalid';
      readonly issues: readonly SizeIssue[];
    };

export interface SizeContext {
  /** The size of the existing instance; absent at creation. */
  readonly current?: Size;
  /** Whether the cluster can place distributed storage. */
  readonly hasDistributedStorage: boolean;
}

const unknownClass = (sizing: ServiceSizing, id: string): SizeIssue => ({
  path: 'resourceRequirementClassId',
  message: `class "${id}" is not offered by ${sizing.service}; choose one of ${classesOf(sizing)
    .map((offered) => offered.id)
    .join(', ')}`,
});

const sizeOf = (sizeClass: SizeClass, resourceRequirementClassId: string, storageMb: number): Size => ({
  resourceRequirementClassId,
  replicas: sizeClass.replicas,
  cpuRequestMc: sizeClass.cpuRequestMc,
  cpuLimitMc: sizeClass.cpuLimitMc,
  memoryRequestMb: sizeClass.memoryRequestMb,
  memoryLimitMb: sizeClass.memoryLimitMb,
  storageMb,
  storage: sizeClass.storage,
});

/** What the wish is measured against: the named class, else what the instance has, else the default class. */
function baseFor(sizing: ServiceSizing, wish: SizeRequest, current: Size | undefined): Size | readonly SizeIssue[] {
  const named = wish.resourceRequirementClassId;
  if (current && named === undefined) return current;
  if (current && named === custom) return { ...current, resourceRequirementClassId: custom };

  const id = named === undefined || named === custom ? defaultClassId(sizing) : named;
  const found = findClass(sizing, id);
  if (!found) return [unknownClass(sizing, id)];
  if (named !== custom) return sizeOf(found, id, current?.storageMb ?? found.storageMb);

  const missing = resourceNumberNames.filter((name) => wish[name] === undefined);
  return missing.length === 0
    ? sizeOf(found, custom, found.storageMb)
    : missing.map((path) => ({ path, message: `class custom needs ${path}: a new instance gives all five numbers` }));
}

function flipHint(base: Size, wish: SizeRequest): string | undefined {
  if (base.resourceRequirementClassId === custom) return undefined;
  const differing = resourceNumberNames.filter((name) => wish[name] !== undefined && wish[name] !== base[name]);
  if (differing.length === 0) return undefined;
  const told = differing.map((name) => `${name} ${wish[name]} instead of ${base[name]}`).join(', ');
  return `The class is now custom, because ${base.resourceRequirementClassId} was given ${told}. Name a class to leave custom.`;
}

/**
 * The size an instance gets. A number that differs from its class turns the class `custom`, with all five numbers
 * written out; an equal one does not; storage never does. Refusals carry everything that is wrong, not the first.
 */
export function resolveSize(sizing: ServiceSizing, wish: SizeRequest, context: SizeContext): SizeAnswer {
  const { current, hasDistributedStorage } = context;
  const ranges = rangeIssues(wish);
  const base = baseFor(sizing, wish, current);
  if (!('storage' in base)) {
    const unknown = wish.resourceRequirementClassId !== custom;
    return { ok: false, code: unknown ? 'class.unknown' : 'sizing.invalid', issues: [...base, ...ranges] };
  }

  const rrcFlipHint = flipHint(base, wish);
  const resourceRequirementClassId = rrcFlipHint === undefined ? base.resourceRequirementClassId : custom;
  const size: Size = {
    resourceRequirementClassId,
    replicas: wish.replicas ?? base.replicas,
    cpuRequestMc: wish.cpuRequestMc ?? base.cpuRequestMc,
    cpuLimitMc: wish.cpuLimitMc ?? base.cpuLimitMc,
    memoryRequestMb: wish.memoryRequestMb ?? base.memoryRequestMb,
    memoryLimitMb: wish.memoryLimitMb ?? base.memoryLimitMb,
    storageMb: wish.storageMb ?? base.storageMb,
    storage: base.storage,
  };
  const outOfRange = new Set(ranges.map((issue) => issue.path));
  const issues = [
    ...storageKindIssues(base.resourceRequirementClassId, base.storage, current, hasDistributedStorage),
    ...ranges,
    ...orderIssues(size, wish, outOfRange),
    ...(outOfRange.has('storageMb') ? [] : storageSizeIssues(sizing, base.storage, wish.storageMb, current)),
  ];
  if (issues.length > 0) return { ok: false, code: 'sizing.invalid', issues };
  return rrcFlipHint === undefined ? { ok: true, size } : { ok: true, size, rrcFlipHint };
}
