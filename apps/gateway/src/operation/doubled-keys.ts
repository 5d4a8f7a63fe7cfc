import type { Issue } from '@runos/kernel';

interface Container {
  /** The names of an object so far; undefined in a list. */
  readonly names: Set<string> | undefined;
  readonly path: string;
  /** The name or index of the current value. */
  at: string | number;
}

const pathOf = ({ path, at }: Container): string =>
  typeof at === 'number' ? `${path}[${at}]` : `${path}${path && '.'}${at}`;

/** The index after a string that begins at this index. */
function endOfString(json: string, start: number): number {
  let index = start + 1;
  while (json[index] !== '"') index += json[index] === '\\' ? 2 : 1;
  return index + 1;
}

/**
 * The names that an object of a JSON text has twice, with their paths. `JSON.parse` keeps the last value silently, and
 * other parsers keep the first one. The text must be valid JSON.
 */
export function doubledKeys(json: string): Issue[] {
  const issues: Issue[] = [];
  const containers: Container[] = [];
  let expectsName = false;
  for (let index = 0; index < json.length; index += 1) {
    const current = containers.at(-1);
    switch (json[index]) {
      case '{':
      case '[': {
        const path = current === undefined ? '' : pathOf(current);
        expectsName = json[index] === '{';
        containers.push({ names: expectsName ? new Set() : undefined, path, at: 0 });
        break;
      }
      case '}':
      case ']':
        containers.pop();
        expectsName = false;
        break;
      case ',':
        expectsName = current?.names !== undefined;
        if (typeof current?.at === 'number') current.at += 1;
        break;
      case '"': {
        const end = endOfString(json, index);
        if (expectsName && current?.names !== undefined) {
          const name = JSON.parse(json.slice(index, end)) as string;
          current.at = name;
          if (current.names.has(name)) issues.push({ path: pathOf(current), message: 'must be given once' });
          current.names.add(name);
          expectsName = false;
        }
        index = end - 1;
        break;
      }
      default:
    }
  }
  return issues;
}
