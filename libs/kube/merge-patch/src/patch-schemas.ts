import { readFileSync } from 'node:fs';
import type { PatchSchema } from './patch-schema.js';

/** The file of every version. Merges of a version always give the same objects, so its merge keys never change. */
const files: Readonly<Record<number, string>> = { 1: 'kubernetes-v1.json' };

/** The version of new merges. */
export const latestPatchSchema = Math.max(...Object.keys(files).map(Number));

const read = new Map<number, PatchSchema>();

/** The schema of a version; undefined when only a newer build has it. */
export function patchSchema(version: number): PatchSchema | undefined {
  const file = Object.hasOwn(files, version) ? files[version] : undefined;
  if (file === undefined) return undefined;
  const known = read.get(version);
  if (known !== undefined) return known;
  const schema = JSON.parse(readFileSync(patchSchemaFile(version), 'utf8')) as PatchSchema;
  read.set(version, schema);
  return schema;
}

/**
 * The path of the file of a version.
 * @throws Error for an unknown version
 */
export function patchSchemaFile(version: number): string {
  const file = files[version];
  if (file === undefined) throw new Error(`there is no patch schema ${version}`);
  return new URL(`../data/${file}`, import.meta.url).pathname;
}
