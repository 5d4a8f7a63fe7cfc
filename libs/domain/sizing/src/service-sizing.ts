import { ClassId, type SizeId, sizeIds, type StorageKind, type TierId, tierIds, tiers } from './class-id.js';

/** The numbers of a workload; CPU in millicores, memory in MiB. */
export interface ResourceNumbers {
  readonly replicas: number;
  readonly cpuRequestMc: number;
  readonly cpuLimitMc: number;
  readonly memoryRequestMb: number;
  readonly memoryLimitMb: number;
}

export const resourceNumberNames = [
  'replicas',
  'cpuRequestMc',
  'cpuLimitMc',
  'memoryRequestMb',
  'memoryLimitMb',
] as const;

/** One size of a service; storage in MiB, null for a service that stores nothing. */
export interface SizeNumbers extends Omit<ResourceNumbers, 'replicas'> {
  readonly storageMb: number | null;
}

/** One size: [request, limit] in millicores, [request, limit] in MiB, storage in MiB (null: stores nothing). */
export const sizeNumbers = (
  [cpuRequestMc, cpuLimitMc]: readonly [number, number],
  [memoryRequestMb, memoryLimitMb]: readonly [number, number],
  storageMb: number | null = null,
): SizeNumbers => ({ cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb, storageMb });

/** The sizing of one service: numbers per size, sizes per tier, and whether storage may change later. */
export interface ServiceSizing {
  readonly service: string;
  readonly sizes: Readonly<Partial<Record<SizeId, SizeNumbers>>>;
  readonly tiers: Readonly<Partial<Record<TierId, readonly SizeId[]>>>;
  readonly storageChange: 'grows' | 'fixed';
  readonly defaultTier: TierId;
}

/** One class with its numbers and storage. */
export interface SizeClass extends ResourceNumbers {
  readonly id: string;
  readonly storageMb: number | null;
  readonly storage: StorageKind;
}

function classOf(sizing: ServiceSizing, tier: TierId, size: SizeId): SizeClass | undefined {
  const numbers = sizing.sizes[size];
  if (!numbers || !sizing.tiers[tier]?.includes(size)) return undefined;
  const { replicas, storage } = tiers[tier];
  return {
    id: ClassId.print({ service: sizing.service, tier, size }),
    replicas,
    ...numbers,
    storage: numbers.storageMb === null ? 'none' : storage,
  };
}

/** Every class the service offers, smallest tier and size first. */
export const classesOf = (sizing: ServiceSizing): SizeClass[] =>
  tierIds
    .flatMap((tier) => sizeIds.map((size) => classOf(sizing, tier, size)))
    .filter((sizeClass) => sizeClass !== undefined);

/** The class of that id, or undefined when the service does not offer it. */
export function findClass(sizing: ServiceSizing, id: string): SizeClass | undefined {
  const parts = ClassId.parse(id);
  return parts?.service === sizing.service ? classOf(sizing, parts.tier, parts.size) : undefined;
}

/** Best-effort on the default tier: `<service>.c0.beff`, for apps `app.sl1.beff`. */
export const defaultClassId = (sizing: ServiceSizing): string =>
  ClassId.print({ service: sizing.service, tier: sizing.defaultTier, size: 'beff' });
