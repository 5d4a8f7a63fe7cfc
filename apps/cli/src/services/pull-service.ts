import { basename, dirname, join } from 'node:path';
import { compareService, editServiceFile, type FieldChange, printServiceFile } from '@runos/manifest';
import type { ManifestFile } from '../files/read-manifests.js';
import { writeFiles } from '../files/write-files.js';
import type { ServerService } from './server-service.js';

export interface PulledService {
  readonly path: string;
  /** Whether the file had this content before. */
  readonly inSync: boolean;
  /** Differences because of which nothing was written. */
  readonly edits: readonly FieldChange[];
}

/** Writes the file of a service; not when that would overwrite something else, unless `force` is set. @throws CliError */
export function pullService(
  server: ServerService,
  path: string,
  local: ManifestFile<'service'> | undefined,
  force: boolean,
): PulledService {
  const changes = local === undefined ? [] : compareService(local.file, server.file, server.size);
  const edits = changes.filter(({ kind }) => kind !== 'only_server');
  if (edits.length > 0 && !force) return { path, inSync: false, edits };
  const text =
    local === undefined ? printServiceFile(server.file) : editServiceFile(local.text, server.file, server.size);
  const written = writeFiles(dirname(path), [{ path: basename(path), content: Buffer.from(text) }]);
  return { path, inSync: written.length === 0, edits: [] };
}

/** The path of the file of a service in a folder. */
export const servicePath = (folder: string, cid: string, type: string, id: string): string =>
  join(folder, `runos.service.${cid}.${type}.${id}.yaml`);
