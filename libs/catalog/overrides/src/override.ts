import { Fault, invalidInput, unavailable } from '@runos/kernel';
import { latestPatchSchema, type PatchSchema, patchSchema } from '@runos/kube-merge-patch';

/** A YAML document of an override: a part of an object. */
export type OverrideDocument = Readonly<Record<string, unknown>>;

/** A file that patches rendered objects. */
export interface Override {
  readonly id: string;
  readonly name: string;
  /** A disabled one is kept and has no effect. */
  readonly enabled: boolean;
  /** The bytes of the file, base64. They are returned as they were given. */
  readonly data: string;
  /** What the file contains. It is parsed once, so that another YAML library changes no running object. */
  readonly documents: readonly OverrideDocument[];
}

/** The overrides of an instance. */
export interface Overrides {
  /** The version of the merge rules. It is pinned: an upgrade of the plane never changes running objects. */
  readonly version: number;
  /** In the order of applying, which is that of creation. */
  readonly files: readonly Override[];
}

/** Files with the newest merge rules; undefined without any, so that a spec is equal to one that never had files. */
export const overridesOf = (files: readonly Override[]): Overrides | undefined =>
  files.length === 0 ? undefined : { version: latestPatchSchema, files };

/** Whether this build has the merge rules of a version. */
export const hasMergeRules = (version: number): boolean => patchSchema(version) !== undefined;

/**
 * The merge rules of a version.
 * @throws Fault `unavailable` when only a newer build has them
 */
export function mergeRules(version: number): PatchSchema {
  const schema = patchSchema(version);
  if (schema !== undefined) return schema;
  throw unavailable(`This replica lacks version ${version} of the merge rules, which only a newer build has.`, 1);
}

/** The document of an override that an issue concerns. */
export interface DocumentName {
  readonly name: string;
  /** From 1. */
  readonly number: number;
  /** The object that it patches, as `Deployment app-abcde`, if that is known. */
  readonly target?: string | undefined;
}

/** The fault `override.invalid`: `path` is that of the field in the object. */
export const invalidOverride = ({ name, number, target }: DocumentName, path: string, message: string): Fault => {
  const about = target === undefined ? '' : ` (${target})`;
  const field = path === '' ? '' : `${path}: `;
  const text = `Override "${name}", document ${number}${about}: ${field}${message}`;
  return invalidInput('override.invalid', [{ path: path === '' ? 'data' : path, message: text }]);
};
