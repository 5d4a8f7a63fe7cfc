/** Where the data of an instance is stored: on its node, replicated over the network, or nowhere. */
export type StorageKind = 'local' | 'distributed' | 'none';

export interface Tier {
  readonly replicas: number;
  readonly storage: StorageKind;
}

/** Replicas and kind of storage per tier; `sl` tiers are stateless (apps). */
export const tiers = {
  c0: { replicas: 1, storage: 'local' },
  c1: { replicas: 1, storage: 'distributed' },
  c2: { replicas: 2, storage: 'local' },
  c3: { replicas: 2, storage: 'distributed' },
  c4: { replicas: 3, storage: 'distributed' },
  sl1: { replicas: 1, storage: 'none' },
  sl2: { replicas: 2, storage: 'none' },
  sl3: { replicas: 3, storage: 'none' },
} as const satisfies Record<string, Tier>;

export type TierId = keyof typeof tiers;
export const tierIds = Object.keys(tiers) as TierId[];

/** In ascending order; `beff` is best-effort (limits without requests). */
export const sizeIds = ['beff', 'small', 'medium', 'large'] as const;
export type SizeId = (typeof sizeIds)[number];

/** The class of an instance whose numbers differ from every class. */
export const custom = 'custom';

/** `<service>.<tier>.<size>`, as in `cert-manager.c0.beff`. */
export interface ClassParts {
  readonly service: string;
  readonly tier: TierId;
  readonly size: SizeId;
}

const service = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const isTier = (raw: string | undefined): raw is TierId => tierIds.includes(raw as TierId);
const isSize = (raw: string | undefined): raw is SizeId => sizeIds.includes(raw as SizeId);

/** undefined for `custom`, which has no parts, and for everything outside the grammar. */
function parse(raw: unknown): ClassParts | undefined {
  if (typeof raw !== 'string') return undefined;
  const [name = '', tier, size, ...rest] = raw.split('.');
  if (!service.test(name) || !isTier(tier) || !isSize(size) || rest.length > 0) return undefined;
  return { service: name, tier, size };
}

export const ClassId = {
  parse,
  print: ({ service: name, tier, size }: ClassParts): string => `${name}.${tier}.${size}`,
} as const;
