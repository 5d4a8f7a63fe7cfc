import type { CommandOutput, CommandOutputField } from './command-catalog.js';
import { type JsonSchema, jsonSchemaOf, propertiesOf, type SchemaField } from '../operation/json-schema.js';
import type { Operation } from '../operation/operation.js';
import { enumOf, typeOf, withoutNull } from './command-field.js';

/** Fields of a response with a list, beside the list. */
const envelopeNames: readonly string[] = ['nextCursor', 'hasMore', 'truncated', 'jobId', 'workItemId'];

/** Clients print it on its own. */
const warnings = 'warnings';

const follow = 'jobId';

function outputField({ name, schema: given }: SchemaField): CommandOutputField {
  const { schema } = withoutNull(given);
  const { description } = schema;
  return { name, type: typeOf(schema), ...(description === undefined ? {} : { description }), ...enumOf(schema) };
}

/** The columns of an item: nested objects have one for each of their fields. */
function columnsOf(item: JsonSchema, prefix = ''): SchemaField[] {
  return propertiesOf(item).flatMap((field) => {
    const { schema } = withoutNull(field.schema);
    const name = `${prefix}${field.name}`;
    return schema.properties === undefined ? [{ ...field, name }] : columnsOf(schema, `${name}.`);
  });
}

/** The schema of the items of a response that is a list; undefined for another response. */
function itemsOf(fields: readonly SchemaField[]): JsonSchema | undefined {
  const [list, ...others] = fields.filter(({ name }) => !envelopeNames.includes(name));
  const items = list?.schema.type === 'array' ? (list.schema.items as JsonSchema) : undefined;
  return others.length === 0 && items?.properties !== undefined ? items : undefined;
}

/**
 * What a client prints of the response. A client offers to follow the job of a command with a `jobId`, so a command that
 * reads declares none.
 */
export function commandOutputOf({ output, method }: Pick<Operation, 'output' | 'method'>): CommandOutput {
  const schema = jsonSchemaOf(output, 'output');
  const forms = schema.anyOf === undefined ? [schema] : (schema.anyOf as JsonSchema[]);
  const fields = new Map(forms.flatMap(propertiesOf).map((field) => [field.name, field]));
  const items = itemsOf([...fields.values()]);
  const printed = items === undefined ? [...fields.values()] : columnsOf(items);
  const hidden = method === 'GET' ? [warnings, follow] : [warnings];
  return {
    type: items === undefined ? 'object' : 'array',
    fields: printed.filter(({ name }) => !hidden.includes(name)).map(outputField),
  };
}
