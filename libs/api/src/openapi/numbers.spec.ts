import { describe, expect, it } from '@jest/globals';
import { openApi } from './open-api.js';

interface NumberSchema {
  readonly pointer: string;
  readonly description: unknown;
  readonly minimum: unknown;
  readonly maximum: unknown;
}

const units =
  /\b(bytes|seconds|millicores|MiB|replicas|pods|instances|requests|entries|generation|changes|steps|port number)\b/i;

/** Every schema of a number in a document, at any depth. Enumerations have no range. */
function numbersOf(node: unknown, pointer: string): NumberSchema[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, description, minimum, maximum } = node as Readonly<Record<string, unknown>>;
  const types = Array.isArray(type) ? type : [type];
  const isNumber = types.includes('integer') || types.includes('number');
  const inner = Object.entries(node).flatMap(([key, value]) => numbersOf(value, `${pointer}/${key}`));
  if (!isNumber || 'enum' in node || 'const' in node) return inner;
  return [{ pointer, description, minimum, maximum }, ...inner];
}

const numbers = numbersOf(JSON.parse(JSON.stringify(openApi())), '');

describe('numbers in the OpenAPI document', () => {
  it('are found in parameters, bodies, responses and headers', () => {
    for (const place of ['/parameters/', '/requestBody/', '/responses/', '/headers/', '/components/']) {
      expect([place, numbers.some(({ pointer }) => pointer.includes(place))]).toEqual([place, true]);
    }
  });

  it('name their unit', () => {
    expect(numbers.filter(({ description }) => !units.test(String(description ?? '')))).toEqual([]);
  });

  it('have a minimum and a maximum', () => {
    const isLimit = (value: unknown) =>
      Number.isSafeInteger(value) && Math.abs(Number(value)) < Number.MAX_SAFE_INTEGER;
    const missing = numbers.filter(({ minimum, maximum }) => !isLimit(minimum) || !isLimit(maximum));
    expect(missing).toEqual([]);
    for (const { minimum, maximum } of numbers) expect(Number(minimum)).toBeLessThanOrEqual(Number(maximum));
  });
});
