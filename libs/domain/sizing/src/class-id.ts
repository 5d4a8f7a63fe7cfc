import { type SizeId, sizeIds, type TierId, tierIds } from './tier.js';

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
