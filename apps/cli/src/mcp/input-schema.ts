import {
  type CatalogCommand,
  type CatalogField,
  type CatalogFlag,
  fieldsOf,
  flagsOf,
  needsCluster,
} from '../catalog/catalog.js';

/** A JSON Schema, as far as inputs need it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

/** The schema of the arguments of a tool. */
export interface ObjectSchema extends JsonSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

/** Formats that a validator of JSON Schema knows. Other ones only describe the value. */
const knownFormats = ['date-time', 'date', 'uuid', 'uri', 'email'];

const knownTypes = ['string', 'integer', 'number', 'boolean', 'array', 'object'];

/** What the arguments of a tool depend on beside its command. */
export interface SchemaOptions {
  /** The cluster of calls that name none. */
  readonly clusterId: string | undefined;
  readonly needsConfirm: boolean;
}

/** The schema of the inputs of a command: its fields and switches, the cluster, and the confirmation of a write. */
export function inputSchema(command: CatalogCommand, { clusterId, needsConfirm }: SchemaOptions): ObjectSchema {
  const fields = fieldsOf(command);
  const hasCluster = needsCluster(command);
  const isChosenCluster = ({ name }: CatalogField) => hasCluster && name === 'cid' && clusterId !== undefined;
  const required = fields.filter((field) => field.required === true && !isChosenCluster(field)).map(({ name }) => name);
  const isGiven = required.includes('cid') || clusterId !== undefined;
  return {
    type: 'object',
    properties: {
      ...(hasCluster && { cid: clusterSchema(clusterId) }),
      ...Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
      ...Object.fromEntries(flagsOf(command).map((flag) => [flag.name, flagSchema(flag)])),
      ...(needsConfirm && { confirm: confirmSchema }),
    },
    required: hasCluster && !isGiven ? ['cid', ...required] : required,
    additionalProperties: false,
  };
}

const confirmSchema: JsonSchema = {
  type: 'boolean',
  description: 'Must be true for the change to be made. Otherwise the answer shows what would happen.',
  default: false,
};

const clusterSchema = (clusterId: string | undefined): JsonSchema => ({
  type: 'string',
  description: `Cluster id.${clusterId === undefined ? '' : ` ${clusterId} where none is given.`}`,
});

const flagSchema = ({ description, default: value = false }: CatalogFlag): JsonSchema => ({
  type: 'boolean',
  ...(description !== undefined && { description }),
  default: value,
});

/** The schema of a value. A field that an update can clear may be null. */
function fieldSchema(field: CatalogField): JsonSchema {
  const { description, enum: values, default: preset, clearable } = field;
  const canBeNull = clearable === true;
  const schema = typeSchema(field);
  return {
    ...schema,
    ...(canBeNull && schema.type !== undefined && { type: [schema.type as string, 'null'] }),
    ...(description !== undefined && { description }),
    ...(values !== undefined && { enum: canBeNull ? [...values, null] : values }),
    ...(preset !== undefined && preset !== null && { default: preset }),
  };
}

function typeSchema({
  name,
  type,
  format,
  allowEmpty,
  required,
  itemType,
  itemFields,
  ...field
}: CatalogField): JsonSchema {
  if (type === 'array')
    return { type, items: format === 'key_value' ? keyValueSchema : elementSchema(itemType, itemFields) };
  if (type === 'object') return { type, additionalProperties: elementSchema(field.valueType, field.valueFields) };
  if (type === 'integer') return { type, minimum: name === 'limit' ? 1 : 0 };
  if (type === 'string')
    return {
      type,
      ...(format !== undefined && knownFormats.includes(format) && { format }),
      ...(required === true && allowEmpty !== true && { minLength: 1 }),
    };
  return knownTypes.includes(type) ? { type } : {};
}

const keyValueSchema: JsonSchema = {
  type: 'object',
  properties: { key: { type: 'string' }, value: { type: 'string' } },
  required: ['key'],
};

/** Of each item of a list, or each value of a map. Its own fields may have further ones, which the server checks. */
function elementSchema(type: string | undefined, fields: readonly CatalogField[] | undefined): JsonSchema {
  if (fields === undefined || fields.length === 0)
    return type !== undefined && knownTypes.includes(type) ? { type } : {};
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    required: fields.filter((field) => field.required === true).map(({ name }) => name),
  };
}
