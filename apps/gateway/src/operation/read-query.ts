import type { Issue } from '@runos/kernel';
import type { Reading } from './reading.js';
import { textFlaw } from './well-formed.js';

/** The query of a URL: each name at most once, everything proper UTF-8. */
export function readQuery(url: string): Reading<Record<string, string>> {
  const start = url.indexOf('?');
  const text = start < 0 ? '' : url.slice(start + 1);
  const values = new Map<string, string>();
  const issues: Issue[] = [];
  for (const pair of text.split('&').filter((one) => one !== '')) {
    const [name, value] = [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1 || pair.length)].map(decoded);
    if (name === undefined || value === undefined) {
      issues.push({ path: pair.slice(0, 64), message: 'is not percent-encoded UTF-8' });
    } else if (values.has(name)) {
      issues.push({ path: name, message: 'must be given once' });
    } else {
      values.set(name, value);
      const message = textFlaw(value);
      if (message !== undefined) issues.push({ path: name, message });
    }
  }
  return { value: Object.fromEntries(values), issues };
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch {
    return undefined; // told as an issue
  }
}
