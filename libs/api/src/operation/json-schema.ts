import { documentation } from '@runos/catalog-model';
import { z } from 'zod';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * Input that a client may send or output that it receives, as JSON Schema 2020-12. Outputs may gain fields, so they
 * allow additional properties. Formats replace the regular expressions behind them;
 * `documentation` adds units (as `x-unit`, an extension of OpenAPI) and ranges.
 */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema, {
    io,
    metadata: documentation,
    override: ({ jsonSchema: node }) => {
      if (io === 'output' && node.additionalProperties === false) delete node.additionalProperties;
      if (node.format !== undefined) delete node.pattern;
      if (node['unit'] !== undefined) {
        node['x-unit'] = node['unit'];
        delete node['unit'];
      }
    },
  });
  return jsonSchema;
}

/** A field of an object with its own schema. */
export interface SchemaField {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** The fields of an object in JSON Schema; none for another schema. */
export const propertiesOf = ({ properties = {}, required = [] }: JsonSchema): SchemaField[] =>
  Object.entries(properties).map(([name, field]) => ({
    name,
    required: required.includes(name),
    schema: field as JsonSchema,
  }));

/** The fields of an object schema as a client sends them. */
export const fieldsOf = (schema: z.ZodType): SchemaField[] => propertiesOf(jsonSchemaOf(schema, 'input'));
