import type { Random } from '@runos/kernel';
import type { Branded } from './brand.js';
import { InstanceId } from './instance-id.js';
import { TypeName } from './type-name.js';

/** `<type>-<id>`: identifies one instance; also its namespace and the first label of its host. */
export type Osid = Branded<'Osid'>;

export interface OsidParts {
  readonly osid: Osid;
  readonly type: TypeName;
  readonly id: InstanceId;
}

const print = (type: TypeName, id: InstanceId): Osid => `${type}-${id}` as Osid;

/** Parsed from the right, because types contain hyphens: `cert-manager-h3xwl`. */
function parse(raw: unknown): OsidParts | undefined {
  if (typeof raw !== 'string') return undefined;
  const cut = raw.lastIndexOf('-');
  const type = TypeName.parse(raw.slice(0, Math.max(cut, 0)));
  const id = InstanceId.parse(raw.slice(cut + 1));
  return type !== undefined && id !== undefined ? { osid: raw as Osid, type, id } : undefined;
}

export const Osid = {
  maxLength: TypeName.maxLength + 6,
  parse,
  print,
  is: (raw: unknown): raw is Osid => parse(raw) !== undefined,
  mint: (type: TypeName, random: Random, reserved?: ReadonlySet<string>): OsidParts => {
    const id = InstanceId.mint(random, reserved);
    return { osid: print(type, id), type, id };
  },
  /** The id given as five characters or as an OSID; undefined for another form or another type. */
  idOf(raw: unknown, type?: string): InstanceId | undefined {
    const parts = parse(raw);
    if (parts === undefined) return InstanceId.parse(raw);
    return type === undefined || parts.type === type ? parts.id : undefined;
  },
} as const;
