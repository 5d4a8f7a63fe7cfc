import type { Issue } from '@runos/kernel';

/** The value of one part of a request, with every issue found in it. */
export interface ParseResult<T> {
  readonly value: T;
  readonly issues: readonly Issue[];
}

/** Levels; no body of an operation nests deeper than four. */
const maxDepth = 32;
const loneSurrogate = /[\ud800-\udfff]/u;

/** Why a text cannot be stored in SQL or encoded as UTF-8; undefined when it can. */
export function malformedText(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain the character U+0000';
  return loneSurrogate.test(text) ? 'must not contain half of a surrogate pair' : undefined;
}

/** The first issue that makes a JSON value unusable for every field of every operation. */
export function malformedValue(value: unknown, depth = 0): Issue | undefined {
  if (typeof value === 'string') return issueAt('', malformedText(value));
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === maxDepth) return issueAt('', `must not nest deeper than ${maxDepth} levels`);
  for (const [key, inner] of Object.entries(value)) {
    // Copying an object silently drops this key.
    const keyIssue = key === '__proto__' ? 'is not a name that a field can have' : malformedText(key);
    const issue = issueAt('', keyIssue) ?? malformedValue(inner, depth + 1);
    if (issue === undefined) continue;
    const name = Array.isArray(value) ? `[${key}]` : key;
    return { ...issue, path: /^(\[|$)/.test(issue.path) ? `${name}${issue.path}` : `${name}.${issue.path}` };
  }
  return undefined;
}

const issueAt = (path: string, message: string | undefined): Issue | undefined =>
  message === undefined ? undefined : { path, message };
