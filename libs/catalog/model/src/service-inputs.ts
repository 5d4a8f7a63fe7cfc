import type { ServiceSizing } from '@runos/sizing';
import { z } from 'zod';
import { AllowedWriters } from './allowed-writers.js';
import { documentation, Name } from './field-documentation.js';
import type { InputSchemas, StrictSchema } from './instance-type.js';
import { classField, sizeFields, sizeFieldsOf } from './size-fields.js';
import { nodeAffinityTags, type Switches, switchFields } from './unavailable-fields.js';

/** `repair` reverts drifted fields; `report` only records an event for them. */
export const DriftPolicy = z.enum(['repair', 'report']);

/** Of instances of every kind. An absent one has no default here: it is returned absent. */
export const AutoRollbackSwitch = z.boolean().register(documentation, {
  description:
    'Whether an update that fails goes back to the last revision that ran, by a job of its own. Default: false.',
});

/** `custom`: the instance has values of its own. `config_set`: it uses a version of a config set. */
export const ConfigType = z.enum(['custom', 'config_set']);

const instanceId = z.string().regex(/^([a-z][a-z0-9-]{0,39}-)?[a-z0-9]{5}$/, 'must be an instance id or an OSID');

const driftPolicy = 'Whether changes by others are reverted or only reported.';

/** An update has no switches, so only an empty object is valid. */
const flags = z
  .strictObject({})
  .optional()
  .register(documentation, { description: 'Switches of the type; an update has none. Default: empty.' });

/** The fields that every type has, in a create and in an update. */
export const commonFields = {
  name: Name.optional().register(documentation, { description: 'Display name.' }),
  resourceRequirementClassId: classField(),
  ...z.strictObject(sizeFields).partial().shape,
  driftPolicy: DriftPolicy.optional().register(documentation, { description: driftPolicy }),
  allowedWriters: AllowedWriters.optional(),
  /** null: as if it had never been given. */
  autoRollback: AutoRollbackSwitch.nullable().optional(),
  flags,
};

/** The fields of some types, at creation only. */
export const creationFields = {
  version: z.string().max(32).optional(),
  configType: ConfigType.optional().register(documentation, {
    description: 'Whose settings it uses. Default: `config_set` with a `configSetId`, else `custom`.',
  }),
  configSetId: z.uuid().optional().register(documentation, {
    description: 'UUID of a config set of this type, of which the latest version is used. Default: none.',
  }),
  /** A link of an app has more fields; the type decides. */
  requires: z.record(z.string(), z.looseObject({ id: instanceId })).optional(),
};

/** Own fields by name, each with its default. */
type OwnFields = Readonly<Record<string, z.ZodDefault>>;

/** The inputs of a type as schemas; the API, the catalog and their documents derive from them. */
export interface ServiceInputs extends InputSchemas {
  /** The fields that only this type has, with their defaults: what a revision stores as `inputs`. */
  readonly own: StrictSchema;
}

interface InputOptions {
  readonly versions: readonly [string, ...string[]];
  readonly defaultVersion: string;
  /** Documents the classes and the default of each number. */
  readonly sizing: ServiceSizing;
  /** The type takes config sets. */
  readonly configSets?: boolean;
  /** Aliases of the instances that it needs; true: must be given. */
  readonly requires?: Readonly<Record<string, boolean>>;
  /** Own fields that an update may change. */
  readonly own?: OwnFields;
  /** Own fields that are fixed at creation. */
  readonly fixed?: OwnFields;
  /** Switches of existing clients, of which only the default is available. */
  readonly switches?: Switches;
}

const mapFields = (fields: OwnFields, schemaOf: (field: z.ZodDefault) => z.ZodType): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOf(field)]));

/** In an update an absent field is unchanged, so its schema must not put the default in. */
function withoutDefault(field: z.ZodDefault): z.ZodType {
  const optional = z.optional(field.unwrap());
  const stated = documentation.get(field);
  return stated === undefined ? optional : optional.register(documentation, stated);
}

function requiresField(aliases: Readonly<Record<string, boolean>>): z.ZodType {
  const link = z.strictObject({ id: instanceId });
  const shape = Object.fromEntries(
    Object.entries(aliases).map(([alias, needed]) => [alias, needed ? link : link.optional()]),
  );
  const field = z.strictObject(shape);
  const description = 'The instances that this one needs, in the same cluster, by alias.';
  return Object.values(aliases).some(Boolean)
    ? field.register(documentation, { description })
    : field.optional().register(documentation, { description: `${description} Default: none.` });
}

/** The inputs of a type: the common ones and its own. */
export function serviceInputs(options: InputOptions): ServiceInputs {
  const { versions, defaultVersion, sizing, configSets = false, requires = {}, own = {}, fixed = {} } = options;
  const { configType, configSetId } = creationFields;
  const { flags: creationFlags, topLevel } = switchFields(options.switches ?? {});
  // The catalog decides about versions, because a newer build of it offers more of them.
  const version = creationFields.version
    .clone()
    .register(documentation, { description: 'Version of the service.', enum: versions, default: defaultVersion });
  const createName = Name.optional().register(documentation, { description: 'Display name. Default: the OSID.' });
  return {
    create: z.strictObject({
      name: createName,
      ...sizeFieldsOf(sizing, 'create'),
      driftPolicy: DriftPolicy.optional().register(documentation, { description: driftPolicy, default: 'repair' }),
      allowedWriters: commonFields.allowedWriters,
      autoRollback: AutoRollbackSwitch.optional(),
      flags: creationFlags,
      ...topLevel,
      nodeAffinityTags,
      version,
      ...(configSets ? { configType, configSetId } : {}),
      ...(Object.keys(requires).length === 0 ? {} : { requires: requiresField(requires) }),
      ...mapFields({ ...own, ...fixed }, z.optional),
    }),
    update: z.strictObject({
      name: commonFields.name,
      ...sizeFieldsOf(sizing, 'update'),
      driftPolicy: commonFields.driftPolicy,
      allowedWriters: commonFields.allowedWriters,
      autoRollback: commonFields.autoRollback,
      flags,
      nodeAffinityTags,
      ...mapFields(own, withoutDefault),
    }),
    own: z.strictObject({ ...own, ...fixed }),
    unavailable: ['flags', 'nodeAffinityTags', ...Object.keys(topLevel)],
  };
}

/**
 * The own fields of a type after a request: those that it names, else the current ones, else their defaults. Current
 * ones stay as they are, because a newer build may have stored fields and values that this one does not know.
 */
export function resolveOwnInputs(
  { own }: ServiceInputs,
  fields: Readonly<Record<string, unknown>>,
  current: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const parsed = Object.entries(own.shape)
    .filter(([name]) => fields[name] !== undefined || !Object.hasOwn(current, name))
    .map(([name, schema]): [string, unknown] => [name, (schema as z.ZodType).parse(fields[name])]);
  return { ...current, ...Object.fromEntries(parsed) };
}
