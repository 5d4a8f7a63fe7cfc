import { basename, dirname } from 'node:path';
import {
  type FieldChange,
  planServiceSync,
  type ServiceFile,
  serviceCreateBody,
  type ServiceSyncPlan,
  type SyncWrite,
  withServiceId,
} from '@runos/manifest';
import { located, type ManifestFile } from '../files/read-manifests.js';
import { writeFiles } from '../files/write-files.js';
import type { ServerService } from './server-service.js';

/** What a sync of a service is to do: an update, or a creation without `server`. */
export interface PlannedService extends Omit<ServiceSyncPlan, 'body'> {
  readonly local: ManifestFile<'service'>;
  readonly server?: ServerService | undefined;
  readonly writes: readonly SyncWrite[];
}

/** @throws CliError for a file that no request can hold */
export function planService(local: ManifestFile<'service'>, server?: ServerService): PlannedService {
  if (server === undefined) return { local, ...creationOf(local) };
  const { body, ...plan } = planServiceSync(local.file, server.file, server.size);
  const { changes } = plan;
  const writes: SyncWrite[] = changes.length === 0 ? [] : [{ name: 'yaml', method: 'PATCH', path: '', body, changes }];
  return { ...plan, local, server, writes };
}

function creationOf({ file, path }: ManifestFile<'service'>) {
  const body = located(path, () => serviceCreateBody(file));
  const changes = Object.entries(body).map(([key, after]): FieldChange => ({
    field: key,
    key,
    kind: 'only_local',
    after,
  }));
  const write: SyncWrite = { name: 'create', method: 'POST', path: '', body, changes };
  return { changes, removals: [], refused: [], writes: [write] };
}

/** Writes the id of a service that was created into its file. @throws CliError */
export function storeServiceId({ path, text }: ManifestFile<'service'>, id: string): void {
  writeFiles(dirname(path), [{ path: basename(path), content: Buffer.from(withServiceId(text, id)) }]);
}

/** The plan as a document, with the keys of existing clients. */
export function servicePlanDocument(
  { local, server, writes, removals, refused }: PlannedService,
  diff: string,
): object {
  const { type, id, cid }: ServiceFile = local.file;
  const body = writes[0]?.body;
  return {
    type,
    id,
    cid,
    ...(server === undefined ? { createBody: body } : body && { patchBody: body }),
    ...(removals.length > 0 && { removals: removals.map(({ field }) => field) }),
    ...(refused.length > 0 && { refused: refused.map(({ field }) => field) }),
    ...(diff !== '' && { diff }),
    hasChanges: writes.length > 0,
    generation: server?.generation,
    file: local.path,
  };
}
