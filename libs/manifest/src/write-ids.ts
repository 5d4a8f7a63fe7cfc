import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { editAppFile, editServiceFile } from './edit-file.js';
import { readManifest } from './read-manifest.js';
import type { AppFile } from './app-file.js';
import type { ServiceFile } from './service-file.js';

/** The text of the file of an app with its id. The rest stays as it is. */
export const withAppId = (text: string, id: string): string =>
  editAppFile(text, { ...(readManifest('runos.yaml', text).file as AppFile), id });

/** As `withAppId`, for a service. */
export const withServiceId = (text: string, id: string): string =>
  editServiceFile(text, { ...(readManifest('runos.service.yaml', text).file as ServiceFile), id });

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
function idIn(text: string, index: number): string | undefined {
  try {
    return (readManifest('runos.yaml', text).file as AppFile).overrides?.[index]?.id;
  } catch {
    return undefined;
  }
}

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
