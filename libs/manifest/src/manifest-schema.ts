import { documentation } from '@runos/catalog-model';
import { serviceTypeFields } from '@runos/service-types/fields';
import { z } from 'zod';
import { AppFile } from './app-file.js';
import { serviceFileOf } from './service-file.js';

/** Patterns with flags of JavaScript are no JSON Schema; the readers of files check them. */
const schemaOf = (schema: z.ZodType): z.core.JSONSchema.BaseSchema => {
  const { $schema: _, ...node } = z.toJSONSchema(schema, {
    io: 'input',
    metadata: documentation,
    override: ({ jsonSchema }) => {
      if (jsonSchema.pattern?.includes(String.raw`\p`) || jsonSchema.pattern?.includes(String.raw`\P`)) {
        delete jsonSchema.pattern;
      }
      delete jsonSchema['unit'];
    },
  });
  return node;
};

/** The JSON Schema of `runos.yaml` and of the files of services, with which editors complete and check them. */
export const manifestSchema = (): Readonly<Record<string, unknown>> => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'The desired state of an app or of a service of RunOS',
  oneOf: [
    { title: 'An app', ...schemaOf(AppFile) },
    ...serviceTypeFields.map((type) => ({ title: type.title, ...schemaOf(serviceFileOf(type)) })),
  ],
});
