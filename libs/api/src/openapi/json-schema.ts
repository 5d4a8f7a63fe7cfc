import { z } from 'zod';
import { documentation } from '../operation/fields.js';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * Input that a client may send or output that it receives, as JSON Schema 2020-12. Outputs may gain fields, so they
 * allow additional properties. Formats replace the regular expressions behind them;
 * `documentation` adds units and ranges.
 */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...jsonSchema } = z.toJSONSchema(schema, {
    io,
    metadata: documentation,
    override: ({ jsonSchema: node }) => {
      if (io === 'output' && node.additionalProperties === false) delete node.additionalProperties;
      if (node.format !== undefined) delete node.pattern;
    },
  });
  return jsonSchema;
}

/** The fields of an object schema, each with its own schema. */
export function fieldsOf(schema: z.ZodType): { name: string; required: boolean; schema: JsonSchema }[] {
  const { properties = {}, required = [] } = jsonSchemaOf(schema, 'input');
  return Object.entries(properties).map(([name, field]) => ({
    name,
    required: required.includes(name),
    schema: field as JsonSchema,
  }));
}
