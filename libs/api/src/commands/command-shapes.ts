import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { levels } from '../access/access.js';
import type { CommandCatalog as CatalogDocument } from './command-catalog.js';
import { maxInt32 } from '../operation/fields.js';

const FieldType = z.enum(['string', 'integer', 'boolean', 'array', 'object']);
const Default = z.union([
  z.string(),
  z.boolean(),
  z.number().register(documentation, {
    description: 'Default of a number, in the unit that its field describes.',
    unit: 'unit',
    minimum: 0,
    maximum: maxInt32,
  }),
]);

/** Fields nest as deep as bodies do, so that the schema needs no reference to itself. */
const maxDepth = 4;

const isTrue = z.literal(true).optional();

const field = (depth: number): z.ZodType =>
  z.object({
    name: z.string(),
    type: FieldType,
    description: z.string().optional(),
    required: isTrue,
    default: Default.optional(),
    enum: z.array(z.string()).optional(),
    format: z.string().optional(),
    positional: isTrue,
    itemType: FieldType.optional(),
    valueType: FieldType.optional(),
    ...(depth === 0 ? {} : { itemFields: z.array(field(depth - 1)).optional() }),
    ...(depth === 0 ? {} : { valueFields: z.array(field(depth - 1)).optional() }),
    clearable: isTrue,
  });

const Flag = z.object({ name: z.string(), description: z.string(), default: z.boolean() });

const Output = z.object({
  type: z.enum(['object', 'array']),
  fields: z.array(
    z.object({
      name: z.string(),
      type: FieldType.optional(),
      description: z.string().optional(),
      enum: z.array(z.string()).optional(),
    }),
  ),
});

const Command = z.object({
  command: z.string(),
  description: z.string(),
  endpoint: z.string(),
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  mcp: z.array(z.enum(levels)).optional(),
  input: z.object({ fields: z.array(field(maxDepth)), flags: z.array(Flag).optional() }),
  output: Output,
  returnsJob: isTrue,
});

export const CatalogVersion = z.object({ version: z.string() });

/** As `command-catalog.ts` describes it. */
export const CommandCatalog = CatalogVersion.extend({ commands: z.array(Command) }) as unknown as z.ZodType<
  CatalogDocument,
  CatalogDocument
>;

/** `scoped` is false: each tool may be offered. */
export const Toolsets = z.object({
  scoped: z.boolean(),
  serviceTypes: z.array(z.string()),
  virtInstalled: z.boolean(),
  platformManagedTypes: z.array(z.string()),
});
