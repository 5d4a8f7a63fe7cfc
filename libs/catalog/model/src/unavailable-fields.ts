import { z } from 'zod';
import { documentation } from './field-documentation.js';

/** Switches by name. The description is of what `true` does. */
export type Switches = Readonly<Record<string, { readonly default: boolean; readonly description: string }>>;

/** Accepted and left out of the request: the default is what every instance has. */
const leftOut = <T extends z.ZodType>(schema: T) => schema.transform(() => undefined).optional();

function switchField(value: boolean, description: string) {
  const only = `only ${value} is available`;
  // A default of the whole would be lost, because JSON Schema has no place for that of a transformed value.
  const documented = z
    .boolean()
    .refine((given) => given === value, only)
    .register(documentation, { description: `${description} For now, ${only}.`, default: value });
  return leftOut(documented);
}

/**
 * The switches of a type in a create, below `flags` and at the top level, as existing clients send them. Both places
 * accept the default only, so that they cannot differ.
 */
export function switchFields(switches: Switches): { flags: z.ZodType; topLevel: Record<string, z.ZodType> } {
  const fields = (note: (name: string) => string) =>
    Object.fromEntries(
      Object.entries(switches).map(([name, { default: value, description }]) => [
        name,
        switchField(value, `${description}${note(name)}`),
      ]),
    );
  return {
    flags: leftOut(z.strictObject(fields(() => ''))).register(documentation, {
      description: 'Switches of the type. Default: each its own.',
    }),
    topLevel: fields((name) => ` As \`flags.${name}\`.`),
  };
}

/** The tags of an instance of a service. `null` and `[]` clear them in existing clients. */
export const nodeAffinityTags = leftOut(
  z.array(z.string().max(120)).max(0, 'pods of services run on any node; only an empty list is available').nullable(),
).register(documentation, {
  description: 'Tags of nodes on which pods run. For now, only an empty list is available. Default: empty.',
});
