import type { Random } from '@runos/kernel';
import { type Branded, InstanceId } from './identifier.js';

/** The name of a service type, as in `cert-manager`. */
export type TypeName = Branded<'TypeName'>;

const typePattern = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Leaves room in a DNS label of 63 for the id and a port: 40 + 6 + 6. */
const maxTypeLength = 40;
/** Such a type could be read as a type with an id: port 10250 of `web-3f9k2`, or an instance of type `web-3f9k2`? */
const endsLikeAnOsid = /-[a-z0-9]{5}$/;

function typeProblem(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return `a service type is a string, got ${typeof raw}`;
  if (raw.length > maxTypeLength)
    return `service type "${raw.slice(0, maxTypeLength)}…" has ${raw.length} characters; at most ${maxTypeLength} are allowed`;
  if (!typePattern.test(raw))
    return `service type "${raw}" must be lower-case letters and digits, joined by single hyphens, starting with a letter`;
  if (endsLikeAnOsid.test(raw))
    return `the last part of service type "${raw}" has exactly five characters, so it reads like the id of an instance; make it shorter or longer`;
  return undefined;
}

const isTypeName = (raw: unknown): raw is TypeName => typeProblem(raw) === undefined;

export const TypeName = {
  pattern: typePattern,
  maxLength: maxTypeLength,
  is: isTypeName,
  parse: (raw: unknown): TypeName | undefined => (isTypeName(raw) ? raw : undefined),
  /** Why `raw` is not a type name, as a sentence; undefined when it is one. */
  problem: typeProblem,
} as const;

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
