import type { Issue } from '@runos/kernel';
import { numberNames, rangeIssues } from '@runos/sizing';

/**
 * The issues of the numbers of a size in a body. The owner of an instance refuses them with `sizing.invalid`; a body that
 * is refused earlier reports them as well.
 */
export function sizeIssues(body: unknown): Issue[] {
  if (typeof body !== 'object' || body === null) return [];
  const fields = body as Readonly<Record<string, unknown>>;
  const numbers = numberNames.filter((name) => typeof fields[name] === 'number');
  return rangeIssues(Object.fromEntries(numbers.map((name) => [name, fields[name] as number])));
}
