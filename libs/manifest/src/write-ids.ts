import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { AppFile } from './app-file.js';
import { editAppFile, replaceFields } from './edit-file.js';
import { printAppFile, printServiceFile } from './print-manifest.js';
import { type Manifest, readManifest } from './read-manifest.js';
import type { ServiceFile } from './service-file.js';

/** The text of the file of an app with its id. The rest stays as it is. */
export function withAppId(text: string, id: string): string {
  const next: AppFile = { ...(readManifest('runos.yaml', text).file as AppFile), id };
  const edited = replaceFields(text, ['id'], printAppFile(next), Object.keys(AppFile.shape));
  return edited !== undefined && readId(edited) === id ? edited : printAppFile(next);
}

/** As `withAppId`, for a service. */
export function withServiceId(text: string, id: string): string {
  const next: ServiceFile = { ...(readManifest('runos.service.yaml', text).file as ServiceFile), id };
  const edited = replaceFields(text, ['id'], printServiceFile(next), ['type', 'id']);
  return edited !== undefined && readId(edited) === id ? edited : printServiceFile(next);
}

/**
 * The text of the file of an app with the id of one of its overrides, in place of an earlier one. The rest stays as it
 * is where that can be done.
 * @param index the place of the override in the list
 */
export function withOverrideId(text: string, index: number, id: string): string {
  const file = readManifest('runos.yaml', text).file as AppFile;
  const next: AppFile = {
    ...file,
    overrides: (file.overrides ?? []).map((each, place) => (place === index ? { ...each, id } : each)),
  };
  const edited = insertedId(text, index, id);
  return edited !== undefined && idIn(edited, index) === id ? edited : editAppFile(text, next);
}

/** undefined for a text that is no such file any more. */
function fileIn(text: string): Manifest['file'] | undefined {
  try {
    return readManifest('runos.yaml', text).file;
  } catch {
    return undefined;
  }
}

const readId = (text: string): string | undefined => fileIn(text)?.id;

const idIn = (text: string, index: number): string | undefined =>
  (fileIn(text) as AppFile | undefined)?.overrides?.[index]?.id;

/** undefined for an entry that is no map of its own, such as an alias. */
function insertedId(text: string, index: number, id: string): string | undefined {
  const overrides = parseDocument(text, { schema: 'core' }).get('overrides');
  const entry = isSeq(overrides) ? overrides.items[index] : undefined;
  if (!isMap(entry)) return undefined;
  const known = entry.items.find(({ key }) => isScalar(key) && key.value === 'id')?.value;
  if (isScalar(known) && known.range) return text.slice(0, known.range[0]) + id + text.slice(known.range[1]);
  const [first] = entry.items;
  const start = isScalar(first?.key) ? first.key.range?.[0] : undefined;
  if (start === undefined) return undefined;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const column = start - (text.lastIndexOf('\n', start - 1) + 1);
  const separator = entry.flow === true ? ', ' : `${newline}${' '.repeat(column)}`;
  return `${text.slice(0, start)}id: ${id}${separator}${text.slice(start)}`;
}
