import { isMap } from '@runos/kube-objects';
import { memberPath } from './merge-error.js';
import { type FieldSchema, fieldOf, type PatchSchema } from './patch-schema.js';

/** A field that Kubernetes would refuse. */
export interface SchemaIssue {
  readonly path: string;
  readonly message: string;
}

/** The fields of an object that its type does not have, and those of another form. */
export const schemaIssues = (object: unknown, schema: PatchSchema, type: string): SchemaIssue[] =>
  valueIssues(object, { type }, '', schema);

function valueIssues(value: unknown, { type, many }: FieldSchema, path: string, schema: PatchSchema): SchemaIssue[] {
  if (many === 'list') {
    if (!Array.isArray(value)) return [{ path, message: 'must be a list' }];
    return value.flatMap((item, index) => valueIssues(item, { type }, `${path}[${index}]`, schema));
  }
  if (many === 'map') {
    if (!isMap(value)) return [{ path, message: 'must be a map' }];
    return Object.entries(value).flatMap(([name, each]) => valueIssues(each, { type }, memberPath(path, name), schema));
  }
  if (/^[a-z]/.test(type)) return isScalar(value, type) ? [] : [{ path, message: `must be ${nameOf(type)}` }];
  if (!isMap(value)) return [{ path, message: 'must be a map' }];
  return Object.entries(value).flatMap(([name, each]) => {
    const at = memberPath(path, name);
    const field = fieldOf(schema, type, name);
    return field === undefined
      ? [{ path: at, message: `${type} has no field ${name}` }]
      : valueIssues(each, field, at, schema);
  });
}

function isScalar(value: unknown, type: string): boolean {
  if (type === 'any') return true;
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'scalar') return typeof value === 'string' || typeof value === 'number';
  return typeof value === type;
}

const nameOf = (type: string): string =>
  type === 'scalar' ? 'a text or a number' : `${type === 'integer' ? 'an' : 'a'} ${type}`;
