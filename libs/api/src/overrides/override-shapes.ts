import { documentation, Name } from '@runos/catalog-model';
import { z } from 'zod';
import { JobId, Warnings } from '../operation/fields.js';

const data = 'The bytes of the file in base64: YAML documents, each a part of a rendered object.';

/** A file that patches the rendered objects of an instance. */
export const OverrideFile = z.strictObject({
  name: Name.clone().register(documentation, { description: 'Name of the file; several may have one name.' }),
  data: z.base64().register(documentation, { description: data }),
  enabled: z.boolean().register(documentation, { description: 'Whether it has an effect.' }),
});

/** In the order in which they are applied, which is that of their creation. `data`: the bytes as they were written. */
export const OverrideList = z.object({
  overrides: z.array(z.object({ id: z.uuid(), name: z.string(), enabled: z.boolean(), data: z.string() })),
});

/** `warnings`: that its cluster has not tried the change, and why. */
export const CreatedOverride = z.object({ overrideId: z.uuid(), jobId: JobId, warnings: Warnings });
