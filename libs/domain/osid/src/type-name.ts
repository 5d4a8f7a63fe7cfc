import type { Branded } from './brand.js';

/** The name of a service type, as in `cert-manager`. */
export type TypeName = Branded<'TypeName'>;

const pattern = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** Leaves room in a DNS label of 63 for the id and a port: 40 + 6 + 6. */
const maxLength = 40;
/** Such a type could be read as a type with an id: port 10250 of `web-3f9k2`, or an instance of type `web-3f9k2`? */
const endsLikeAnOsid = /-[a-z0-9]{5}$/;

function problem(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return `a service type is a string, got ${typeof raw}`;
  if (raw.length > maxLength)
    return `service type "${raw.slice(0, maxLength)}…" has ${raw.length} characters; at most ${maxLength} are allowed`;
  if (!pattern.test(raw))
    return `service type "${raw}" must be lower-case letters and digits, joined by single hyphens, starting with a letter`;
  if (endsLikeAnOsid.test(raw))
    return `the last part of service type "${raw}" has exactly five characters, so it reads like the id of an instance; make it shorter or longer`;
  return undefined;
}

const is = (raw: unknown): raw is TypeName => problem(raw) === undefined;

export const TypeName = {
  pattern,
  maxLength,
  is,
  parse: (raw: unknown): TypeName | undefined => (is(raw) ? raw : undefined),
  /** Why `raw` is not a type name, as a sentence; undefined when it is one. */
  problem,
} as const;
