import type { Issue } from '@runos/kernel';

/** No body of ours nests deeper than four levels; this leaves room for many years. */
const maxDepth = 32;
const loneSurrogate = /[\ud800-\udfff]/u;

/** Why a text can be neither stored in SQL nor written as UTF-8; undefined when it can. */
export function textFlaw(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain the character U+0000';
  return loneSurrogate.test(text) ? 'must not contain half of a surrogate pair' : undefined;
}

/** The first thing about a JSON value that no field of any operation can take. */
export function flawOf(value: unknown, depth = 0): Issue | undefined {
  if (typeof value === 'string') return issueAt('', textFlaw(value));
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === maxDepth) return issueAt('', `must not nest deeper than ${maxDepth} levels`);
  for (const [key, inner] of Object.entries(value)) {
    // Such a key would be dropped in silence by whoever copies the object.
    const ofKey = key === '__proto__' ? 'is not a name that a field can have' : textFlaw(key);
    const flaw = issueAt('', ofKey) ?? flawOf(inner, depth + 1);
    if (flaw === undefined) continue;
    const name = Array.isArray(value) ? `[${key}]` : key;
    return { ...flaw, path: /^(\[|$)/.test(flaw.path) ? `${name}${flaw.path}` : `${name}.${flaw.path}` };
  }
  return undefined;
}

const issueAt = (path: string, message: string | undefined): Issue | undefined =>
  message === undefined ? undefined : { path, message };
