import fc from 'fast-check';

/** The part of JSON Schema that operations and contracts use. */
export interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
}

const deep = (depth: number): unknown => {
  let value: unknown = 'x';
  for (let level = 0; level < depth; level += 1) value = level % 2 ? { a: value } : [value];
  return value;
};

/** JSON that overflows the stack of recursive code; a text, because this process would overflow too. */
export const deepJson = '['.repeat(20_000) + ']'.repeat(20_000);

/** Values that no field expects: wrong types and bounds, special texts, keys of every object's prototype. */
export const hostileValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    -1,
    0,
    1.5,
    1e308,
    -1e308,
    2 ** 53,
    2 ** 31,
    true,
    null,
    [],
    {},
    '',
    ' ',
    '\u0000',
    'a\u0000b',
  ),
  fc.constantFrom<unknown>(
    '\ud800',
    '../../etc/passwd',
    "'; DROP TABLE instance; --",
    '${7*7}',
    '{{7*7}}',
    '%00',
    '\r\nx: y',
  ),
  fc.constantFrom<unknown>(
    deep(40),
    deep(400),
    'x'.repeat(100_000),
    Array.from({ length: 2_000 }, () => 0),
  ),
  fc.constantFrom<unknown>(JSON.parse('{"__proto__":{"a":1}}'), { constructor: { prototype: 1 } }, { toString: 1 }),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.double(),
  fc.jsonValue(),
);

const names = fc.constantFrom('orders', 'a', '17', 'zzzzz', '00000000-0000-7000-8000-000000000000', 'valkey.c0.beff');

/** A value that nearly conforms to a schema; one part in eight is hostile, at any depth. */
export function nearValid(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 7, arbitrary: valid(schema) }, { weight: 1, arbitrary: hostileValues });
}

function valid(schema: Schema): fc.Arbitrary<unknown> {
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return fc.oneof(...either.map(nearValid));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  switch (schema.type) {
    case 'object':
      return anObject(schema.properties ?? {});
    case 'array':
      return fc.array(nearValid(schema.items ?? {}), { maxLength: 5 });
    case 'string':
      return fc.oneof(names, fc.string({ unit: 'grapheme', maxLength: 80 }));
    case 'integer':
    case 'number':
      return aNumber(schema);
    case 'boolean':
      return fc.boolean();
    default:
      return hostileValues;
  }
}

function anObject(properties: Readonly<Record<string, Schema>>): fc.Arbitrary<unknown> {
  const own = fc.record(
    Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, nearValid(inner)])),
    { requiredKeys: [] },
  );
  const extra = fc.dictionary(fc.string({ maxLength: 12 }), hostileValues, { maxKeys: 2 });
  return fc.oneof(
    { weight: 4, arbitrary: own },
    { weight: 1, arbitrary: fc.tuple(own, extra).map(([one, other]) => ({ ...other, ...one })) },
  );
}

function aNumber({ minimum = 0, maximum = 10_000 }: Schema): fc.Arbitrary<unknown> {
  return fc.oneof(fc.constantFrom(minimum - 1, minimum, maximum, maximum + 1), fc.integer({ min: -10, max: 100_000 }));
}
