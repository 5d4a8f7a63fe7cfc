import type { Issue } from '@runos/kernel';
import { malformedText, type ParseResult } from './parse-result.js';

/** The query of a URL: each name at most once, percent-encoded UTF-8. */
export function parseQuery(url: string): ParseResult<Record<string, string>> {
  const start = url.indexOf('?');
  const text = start < 0 ? '' : url.slice(start + 1);
  const values = new Map<string, string>();
  const issues: Issue[] = [];
  for (const pair of text.split('&').filter((each) => each !== '')) {
    const separator = pair.indexOf('=');
    const name = decoded(separator < 0 ? pair : pair.slice(0, separator));
    const value = decoded(separator < 0 ? '' : pair.slice(separator + 1));
    if (name === undefined || value === undefined) {
      issues.push({ path: pair.slice(0, 64), message: 'is not percent-encoded UTF-8' });
    } else if (values.has(name)) {
      issues.push({ path: name, message: 'must be given once' });
    } else {
      values.set(name, value);
      const message = malformedText(value);
      if (message !== undefined) issues.push({ path: name, message });
    }
  }
  return { value: Object.fromEntries(values), issues };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return undefined; // reported as an issue
  }
}
