import type { CommandField, CommandFieldType } from './command-catalog.js';
import { type JsonSchema, propertiesOf, type SchemaField } from '../operation/json-schema.js';

/** A schema without `null` as an alternative. */
export interface FieldSchema {
  readonly schema: JsonSchema;
  readonly isNullable: boolean;
}

/** The schema that is left where `null` is one of two alternatives. */
export function withoutNull(schema: JsonSchema): FieldSchema {
  const alternatives = (schema.anyOf ?? []) as JsonSchema[];
  const others = alternatives.filter(({ type }) => type !== 'null');
  const [only] = others;
  if (others.length === alternatives.length || others.length !== 1 || only === undefined)
    return { schema, isNullable: false };
  const { anyOf: _, ...rest } = schema;
  return { schema: { ...only, ...rest }, isNullable: true };
}

/** The type of a field; a value of several types is an object, which clients send as JSON. */
export function typeOf({ type, enum: values }: JsonSchema): CommandFieldType {
  if (type === 'number' || type === 'integer') return 'integer';
  if (type === 'string' || type === 'boolean' || type === 'array' || type === 'object') return type;
  return values === undefined ? 'object' : 'string';
}

/** Text, with the range of a number. */
function descriptionOf({ description, minimum, maximum }: JsonSchema): string | undefined {
  if (description === undefined || minimum === undefined || maximum === undefined) return description;
  return `${description} From ${minimum} to ${maximum}.`;
}

/** The values of an enum of texts. */
export const enumOf = ({ enum: values }: JsonSchema): { enum?: readonly string[] } => {
  const texts = (values ?? []).filter((value) => typeof value === 'string');
  return texts.length === 0 ? {} : { enum: texts };
};

const isScalar = (value: unknown): value is string | number | boolean =>
  ['string', 'number', 'boolean'].includes(typeof value);

/** The schema of items and values, as a client needs it to read one. */
function elementOf(schema: JsonSchema | undefined) {
  const element = withoutNull(schema ?? {}).schema;
  const fields = propertiesOf(element).map(commandField);
  return { type: typeOf(element), fields: fields.length === 0 ? undefined : fields };
}

function shapeOf(schema: JsonSchema, type: CommandFieldType): Partial<CommandField> {
  if (type === 'array') {
    const { type: itemType, fields } = elementOf(schema.items as JsonSchema | undefined);
    return { itemType, ...(fields && { itemFields: fields }) };
  }
  if (type !== 'object') return {};
  const fixed = propertiesOf(schema);
  if (fixed.length > 0) return { valueType: 'object', valueFields: fixed.map(commandField) };
  const values = schema.additionalProperties;
  const { type: valueType, fields } = elementOf(typeof values === 'object' ? values : undefined);
  return { valueType, ...(fields && { valueFields: fields }) };
}

/** A field of a query or a body as a field of a command. */
export function commandField({ name, required, schema: given }: SchemaField): CommandField {
  const { schema, isNullable } = withoutNull(given);
  const type = typeOf(schema);
  const description = descriptionOf(schema);
  return {
    name,
    type,
    ...(description === undefined ? {} : { description }),
    ...(required ? { required: true } : {}),
    ...(isScalar(schema.default) ? { default: schema.default } : {}),
    ...enumOf(schema),
    ...(type === 'string' && schema.format !== undefined ? { format: schema.format } : {}),
    ...shapeOf(schema, type),
    ...(isNullable ? { clearable: true } : {}),
  };
}
