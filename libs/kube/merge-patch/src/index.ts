export { MergeError, memberPath } from './merge-error.js';
export { type FieldSchema, type PatchSchema, typeOfKind, type TypeSchema } from './patch-schema.js';
export { latestPatchSchema, patchSchema, patchSchemaFile } from './patch-schemas.js';
export { type SchemaIssue, schemaIssues } from './schema-issues.js';
export { jsonMerge } from './v1/json-merge.js';
export { strategicMerge } from './v1/strategic-merge.js';
