import { afterAll, describe, expect, it } from '@jest/globals';
import { documentation, type ServiceType, serviceInputs } from '@runos/catalog-model';
import { addServiceType, relay } from '@runos/service-types/testing';
import { z } from 'zod';

interface NumberSchema {
  readonly pointer: string;
  readonly description: unknown;
  readonly unit: unknown;
  readonly minimum: unknown;
  readonly maximum: unknown;
}

/** Every schema of a number in a document, at any depth. Enumerations have no range. */
function numbersOf(node: unknown, pointer: string): NumberSchema[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, description, minimum, maximum, 'x-unit': unit } = node as Readonly<Record<string, unknown>>;
  const types = Array.isArray(type) ? type : [type];
  const isNumber = types.includes('integer') || types.includes('number');
  const inner = Object.entries(node).flatMap(([key, value]) => numbersOf(value, `${pointer}/${key}`));
  if (!isNumber || 'enum' in node || 'const' in node) return inner;
  return [{ pointer, description, unit, minimum, maximum }, ...inner];
}

/** A new type with a number in a unit that no other number has. */
const metronome: ServiceType = {
  ...relay,
  type: 'metronome',
  inputs: serviceInputs({
    versions: ['1'],
    defaultVersion: '1',
    sizing: relay.sizing,
    own: {
      tempo: z.int().default(60).register(documentation, {
        description: 'Tempo in beats per minute.',
        unit: 'beats per minute',
        minimum: 20,
        maximum: 300,
      }),
    },
  }),
};

const remove = addServiceType(metronome);
afterAll(remove);
const { openApi } = await import('./open-api.js');
const numbers = numbersOf(JSON.parse(JSON.stringify(openApi())), '');

describe('numbers in the OpenAPI document', () => {
  it('are found in parameters, bodies, responses and headers', () => {
    for (const place of ['/parameters/', '/requestBody/', '/responses/', '/headers/', '/components/']) {
      expect([place, numbers.some(({ pointer }) => pointer.includes(place))]).toEqual([place, true]);
    }
  });

  it('have a unit, also in their description', () => {
    const missing = numbers.filter(
      ({ unit, description }) => typeof unit !== 'string' || unit === '' || !String(description).includes(unit),
    );
    expect(missing).toEqual([]);
    expect(numbers.filter(({ unit }) => unit === 'beats per minute')).toHaveLength(4);
  });

  it('have a minimum and a maximum', () => {
    const isLimit = (value: unknown) =>
      Number.isSafeInteger(value) && Math.abs(Number(value)) < Number.MAX_SAFE_INTEGER;
    const missing = numbers.filter(({ minimum, maximum }) => !isLimit(minimum) || !isLimit(maximum));
    expect(missing).toEqual([]);
    for (const { minimum, maximum } of numbers) expect(Number(minimum)).toBeLessThanOrEqual(Number(maximum));
  });
});
