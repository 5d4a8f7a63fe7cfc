import { issuePath } from '@runos/kernel';
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { FileIssue } from './manifest-fault.js';
import type { FieldPath, YamlSource } from './yaml-source.js';

/** Two typing errors; names of fields that differ in more are different ones. */
const maxDistance = 2;

/** Fields that stand in files of their own, and where. */
const elsewhere: Readonly<Record<string, string>> = {
  envVars: 'write plain variables into the file that `env` names',
  secretEnvVars: 'write secret variables into the file that `secretEnv` names',
};

/**
 * What a schema refuses of a file, each with its place, in the order of the file. An unknown key is refused with the one
 * that is meant.
 */
export function fileIssues(source: YamlSource, schema: z.ZodType, error: z.ZodError): FileIssue[] {
  const issues = error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      return [
        {
          path: issuePath(issue.path),
          message: wordsOf(issue, source.has(issue.path) || issue.code === 'custom'),
          ...source.placeOf(issue.path),
        },
      ];
    }
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { path: issuePath(path), message: unknownKey(key, known), ...source.placeOf(path, true) };
    });
  });
  return issues.sort((one, other) => one.line - other.line || one.column - other.column);
}

/** The words of the schema, or of that of a key. They begin with a verb where they are ours. */
function wordsOf(issue: z.core.$ZodIssue, isThere: boolean): string {
  if (!isThere) return 'is missing';
  const { message } = (issue.code === 'invalid_key' ? issue.issues[0] : undefined) ?? issue;
  return /^[A-Z]/.test(message) ? `is invalid: ${message.slice(0, 1).toLowerCase()}${message.slice(1)}` : message;
}

function unknownKey(key: string, known: readonly string[]): string {
  const place = elsewhere[key];
  if (place !== undefined) return `does not belong here: ${place}`;
  const meant = known.length === 0 ? undefined : closest(key.toLowerCase(), known.map(lower));
  const name = known.find((each) => lower(each) === meant);
  return name !== undefined && distance(key.toLowerCase(), lower(name)) <= maxDistance
    ? `is unknown: did you mean ${name}?`
    : 'is unknown: remove it';
}

const lower = (name: string): string => name.toLowerCase();

/** The fields that a schema has at a path; none where it takes any. */
function keysAt(schema: z.ZodType, path: FieldPath): readonly string[] {
  const inner = path.reduce<z.core.$ZodType | undefined>((at, part) => at && childOf(at, part), schema);
  const { def } = unwrapped(inner)?._zod ?? {};
  return def?.type === 'object' ? Object.keys((def as z.core.$ZodObjectDef).shape) : [];
}

function childOf(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | undefined {
  const def = unwrapped(schema)?._zod.def;
  if (def?.type === 'object') return (def as z.core.$ZodObjectDef).shape[String(part)];
  if (def?.type === 'array') return (def as z.core.$ZodArrayDef).element;
  return def?.type === 'record' ? (def as z.core.$ZodRecordDef).valueType : undefined;
}

/** The schema without its wrappers for absent and converted values. */
function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  const def = schema?._zod.def;
  if (def?.type === 'optional' || def?.type === 'default' || def?.type === 'nullable') {
    return unwrapped((def as z.core.$ZodOptionalDef).innerType);
  }
  return def?.type === 'pipe' ? unwrapped((def as z.core.$ZodPipeDef).out) : schema;
}
