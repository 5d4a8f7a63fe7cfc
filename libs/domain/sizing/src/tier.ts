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
