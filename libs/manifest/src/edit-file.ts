import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, parseDocument } from 'yaml';
import { AppFile } from './app-file.js';
import { compareService } from './compare-service.js';
import { compareApp } from './compare-app.js';
import { sizeKeys, type SizeFields } from './compare-size.js';
import { printAppFile, printServiceFile } from './print-manifest.js';
import { readManifest } from './read-manifest.js';
import type { ServiceFile } from './service-file.js';

/**
 * The text of the file of an app with the content `next`. Fields that mean the same keep their lines and comments; a
 * file that means the same is not changed. Where that cannot be done, the text is the canonical one.
 * @param size class and numbers on the server; absent: those of `next`
 */
export function editAppFile(text: string, next: AppFile, size?: SizeFields): string {
  const { kind, file } = readManifest('runos.yaml', text);
  if (kind !== 'app') return printAppFile(next);
  const contentOf = (each: AppFile) => ({ file: each, md5s: {} });
  const changed = compareApp(contentOf(file), { ...contentOf(next), size }).map(({ key }) => key);
  // A class with numbers of its own may mean what the server stores as `custom`.
  const isSized = file.resourceRequirementClassId !== undefined && !changed.some((key) => sizeKeys.includes(key));
  const missing = Object.keys(AppFile.shape).filter(
    (key) => fieldIn(file, key) === undefined && has(next, key) && !(isSized && isOfClass(key)),
  );
  const moved = (['secretFiles', 'overrides'] as const).filter((key) =>
    (file[key] ?? []).some(({ local, md5 }) => md5 !== undefined && md5 !== md5In(next[key], local)),
  );
  const keys = withSize([...changed, ...missing, ...moved]);
  const edited = replaceFields(text, keys, printAppFile(next), Object.keys(AppFile.shape));
  const isSame = (result: string) => {
    const read = readManifest('runos.yaml', result).file as AppFile;
    return keys.every((key) => isDeepStrictEqual(fieldIn(read, key) ?? [], fieldIn(next, key) ?? []));
  };
  return check(edited, isSame) ?? printAppFile(next);
}

/** As `editAppFile`, for the file of a service. Fields that it lacks are added. */
export function editServiceFile(text: string, next: ServiceFile, size?: SizeFields): string {
  const file = readManifest('runos.service.yaml', text).file as ServiceFile;
  const changed = compareService(file, next, size).map(({ key }) => key);
  const isSized = file['resourceRequirementClassId'] !== undefined && !changed.some((key) => sizeKeys.includes(key));
  const missing = Object.keys(next).filter(
    (key) => file[key] === undefined && next[key] !== undefined && !(isSized && isOfClass(key)),
  );
  const keys = withSize([...changed, ...missing]);
  const edited = replaceFields(text, keys, printServiceFile(next), []);
  const isSame = (result: string) => {
    const read = readManifest('runos.service.yaml', result).file as ServiceFile;
    return compareService(read, next, size).length === 0;
  };
  return check(edited, isSame) ?? printServiceFile(next);
}

/** Whether a class has the field: all numbers but storage. */
const isOfClass = (key: string): boolean => sizeKeys.includes(key) && key !== 'storageMb';

const md5In = (entries: AppFile['secretFiles' | 'overrides'] = [], path: string): string | undefined =>
  entries.find(({ local }) => local === path)?.md5;

const fieldIn = (file: AppFile, key: string): unknown => file[key as keyof AppFile];

/** An empty list is no reason to write a field. */
const has = (file: AppFile, key: string): boolean => {
  const value = fieldIn(file, key);
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
};

/** A class and its numbers are written together. */
const withSize = (keys: readonly string[]): readonly string[] => [
  ...new Set(keys.some((key) => sizeKeys.includes(key)) ? [...keys, ...sizeKeys] : keys),
];

function check(edited: string | undefined, isSame: (result: string) => boolean): string | undefined {
  try {
    return edited !== undefined && isSame(edited) ? edited : undefined;
  } catch {
    return undefined;
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The lines of each field at the top of a text; undefined for one that is no block map. */
function spansOf(text: string): ReadonlyMap<string, Span> | undefined {
  const { contents } = parseDocument(text, { schema: 'core' });
  if (!isMap(contents) || contents.flow === true) return undefined;
  return new Map(
    contents.items.flatMap(({ key, value }) => {
      const range = (value as { range?: readonly number[] | null } | null)?.range;
      if (!isScalar(key) || !key.range || !range) return [];
      const written = text.slice(key.range[0], range[1]).trimEnd();
      return [[String(key.value), { start: key.range[0], end: key.range[0] + written.length }] as const];
    }),
  );
}

/**
 * Puts the lines that `canonical` has for some fields into a text; the rest of the text stays as it is.
 * @returns undefined for a text that is no block map
 */
export function replaceFields(
  text: string,
  keys: readonly string[],
  canonical: string,
  order: readonly string[],
): string | undefined {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const source = spansOf(canonical);
  const written = (key: string) => {
    const span = source?.get(key);
    return span && canonical.slice(span.start, span.end).replaceAll('\n', newline);
  };
  let result = text;
  for (const key of keys) {
    const spans = spansOf(result);
    if (spans === undefined) return undefined;
    const lines = written(key);
    const span = spans.get(key);
    if (span !== undefined) {
      result = result.slice(0, span.start) + (lines ?? '') + afterField(result, span.end, lines === undefined);
    } else if (lines !== undefined) {
      const at = insertionPoint(result, spans, order.slice(0, Math.max(0, order.indexOf(key))));
      const before = result.slice(0, at);
      result = `${before}${before === '' || before.endsWith('\n') ? '' : newline}${lines}${newline}${result.slice(at)}`;
    }
  }
  return result;
}

/** What follows a field. With it, the rest of its line is removed. */
function afterField(text: string, end: number, isRemoved: boolean): string {
  const lineEnd = text.indexOf('\n', end);
  if (!isRemoved) return text.slice(end);
  return lineEnd < 0 ? '' : text.slice(lineEnd + 1);
}

/** The beginning of the line after the last of some fields; the end of the text without any of them. */
function insertionPoint(text: string, spans: ReadonlyMap<string, Span>, earlier: readonly string[]): number {
  const ends = earlier.flatMap((key) => spans.get(key)?.end ?? []);
  if (ends.length === 0) return text.length;
  const lineEnd = text.indexOf('\n', Math.max(...ends));
  return lineEnd < 0 ? text.length : lineEnd + 1;
}
