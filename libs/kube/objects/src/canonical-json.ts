import canonicalize from 'canonicalize';

// The package is CommonJS but its types declare `export default`, which here means the function itself.
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/** Keys whose place in an object JavaScript decides, or that are no plain members. */
const unsortable = /^(?:\d+|__proto__)$/;

/** A value has a key that cannot be sorted. */
const unsorted = Symbol('unsorted');

/** A copy whose keys are sorted in every object, or `unsorted`. */
function sortedCopy(value: unknown): unknown {
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is no number of JSON`);
    return value;
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return sortedCopy((value as { toJSON(): unknown }).toJSON());
  }
  if (Array.isArray(value)) {
    const items = Array.from(value, sortedCopy);
    return items.includes(unsorted) ? unsorted : items;
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    const member = unsortable.test(key) ? unsorted : sortedCopy((value as Readonly<Record<string, unknown>>)[key]);
    if (member === unsorted) return unsorted;
    copy[key] = member;
  }
  return copy;
}

/**
 * RFC 8785: keys sorted, no spaces, one form per number. `JSON.stringify` of a sorted copy takes half the time of a
 * serializer in JavaScript, so that is the exception.
 * @throws TypeError for what JSON cannot hold
 */
export function canonicalJson(value: unknown): string {
  const copy = sortedCopy(value);
  const text = copy === unsorted ? serialize(value) : JSON.stringify(copy);
  if (text === undefined) throw new TypeError(`${typeof value} cannot be serialized as JSON`);
  return text;
}
