import { readFileSync, writeFileSync } from 'node:fs';
import {
  type FieldSchema,
  latestPatchSchema,
  type PatchSchema,
  patchSchemaFile,
  type TypeSchema,
} from '@runos/kube-merge-patch';
import { instanceTypes } from '@runos/service-types';
import { type OpenApiDefinition, type OpenApiProperty, publishedOpenApi } from '@runos/testing-kube';

type Definitions = Readonly<Record<string, OpenApiDefinition>>;

/** `Container` of `#/definitions/io.k8s.api.core.v1.Container`. */
const shortName = (reference: string): string => reference.slice(reference.lastIndexOf('.') + 1);
const definitionName = (reference: string): string => reference.slice('#/definitions/'.length);

/** Definitions of values that JSON holds as one text or number. */
const scalars: readonly string[] = ['Quantity', 'IntOrString'];

/** The patch metadata of all types that objects of these kinds (`apps/v1/Deployment`) consist of. */
function patchSchemaOf(version: string, definitions: Definitions, kinds: readonly string[]): PatchSchema {
  const types = new Map<string, { readonly definition: string; readonly schema: TypeSchema }>();
  const add = (name: string): void => {
    const short = shortName(name);
    const known = types.get(short);
    if (known !== undefined && known.definition !== name)
      throw new Error(`${known.definition} and ${name} share a name`);
    const properties = definitions[name]?.properties;
    if (known !== undefined || properties === undefined) return;
    const schema = Object.fromEntries(
      Object.entries(properties).map(([field, property]) => [field, fieldSchema(property, definitions)]),
    );
    types.set(short, { definition: name, schema });
    for (const property of Object.values(properties)) {
      const { $ref } = property.items ?? property.additionalProperties ?? property;
      if ($ref !== undefined) add(definitionName($ref));
    }
  };
  const roots = kinds.map((kind) => [kind, definitionOf(kind, definitions)] as const);
  for (const [, name] of roots) add(name);
  return {
    kubernetes: version,
    kinds: Object.fromEntries(roots.map(([kind, name]) => [kind, shortName(name)])),
    types: Object.fromEntries([...types].sort().map(([name, { schema }]) => [name, schema])),
  };
}

function definitionOf(key: string, definitions: Definitions): string {
  const found = Object.entries(definitions).find(([, definition]) =>
    definition['x-kubernetes-group-version-kind']?.some(
      ({ group, version, kind }) => key === `${group === '' ? '' : `${group}/`}${version}/${kind}`,
    ),
  );
  if (found === undefined) throw new Error(`Kubernetes publishes no definition of ${key}`);
  return found[0];
}

function fieldSchema(property: OpenApiProperty, definitions: Definitions): FieldSchema {
  const strategies = (property['x-kubernetes-patch-strategy'] ?? '').split(',');
  const key = property['x-kubernetes-patch-merge-key'];
  // `retainKeys` only makes clients send a directive.
  const strategy = (['merge', 'replace'] as const).find((each) => strategies.includes(each));
  const [many, value] = property.items
    ? (['list', property.items] as const)
    : property.additionalProperties
      ? (['map', property.additionalProperties] as const)
      : [undefined, property];
  return {
    type: valueType(value, definitions),
    ...(many && { many }),
    ...(strategy && { strategy }),
    ...(key && { key }),
  };
}

function valueType({ $ref, type, items, additionalProperties }: OpenApiProperty, definitions: Definitions): string {
  if (items !== undefined || additionalProperties !== undefined) return 'any';
  if ($ref === undefined) return type === undefined || type === 'object' ? 'any' : type;
  const name = definitionName($ref);
  if (scalars.includes(shortName(name))) return 'scalar';
  const definition = definitions[name];
  if (definition?.properties !== undefined) return shortName(name);
  return definition?.type === undefined || definition.type === 'object' ? 'any' : definition.type;
}

/** A line per type, so that a change is readable. */
function print({ kubernetes, kinds, types }: PatchSchema): string {
  const lines = Object.entries(types).map(([name, schema]) => `    ${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
  return [
    '{',
    `  "kubernetes": ${JSON.stringify(kubernetes)},`,
    `  "kinds": ${JSON.stringify(kinds)},`,
    '  "types": {',
    lines.join(',\n'),
    '  }',
    '}',
    '',
  ].join('\n');
}

/** The file of the newest patch schema, with its text as the published OpenAPI gives it. */
export async function generatedPatchSchema(): Promise<{ readonly file: string; readonly text: string }> {
  const { version, definitions } = await publishedOpenApi();
  const kinds = instanceTypes().flatMap((type) => type.kinds.map(({ apiVersion, kind }) => `${apiVersion}/${kind}`));
  const schema = patchSchemaOf(version, definitions, [...new Set(kinds)].sort());
  return { file: patchSchemaFile(latestPatchSchema), text: print(schema) };
}

/** Writes the file if it is not current, and returns whether it was not. */
export async function writePatchSchema(): Promise<string[]> {
  const { file, text } = await generatedPatchSchema();
  if (readFileSync(file, { encoding: 'utf8', flag: 'a+' }) === text) return [];
  writeFileSync(file, text);
  return [file];
}
