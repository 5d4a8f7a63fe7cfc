import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import {
  appFromServer,
  type AppFile,
  type AppSyncPlan,
  planAppSync,
  readManifest,
  withOverrideId,
} from '@runos/manifest';
import { CliError } from '../failure/cli-error.js';
import { located } from '../files/read-manifests.js';
import { checkPath, writeFiles } from '../files/write-files.js';
import { contentOf, type LocalApp } from './local-app.js';
import { serverContent, type ServerApp } from './server-app.js';

/** What a sync makes of an app whose files and state have been read. @throws CliError for files that no request can hold */
export function planSync({ folder, ...local }: LocalApp, server: ServerApp, prune: boolean): AppSyncPlan {
  return located(local.path, () =>
    planAppSync({
      local: local.content,
      server: serverContent(server, appFromServer(server.shown, local.file)),
      app: server.shown.app,
      contentOf: (path) => contentOf(folder, path),
      prune,
    }),
  );
}

/** Whether a plan writes ids into the file of the app. @throws CliError when it does and the file cannot be replaced */
export function checkFileWritable({ path }: LocalApp, { writes, adopted }: AppSyncPlan): void {
  const writesFile = adopted.length > 0 || writes.some(({ createdOverride }) => createdOverride !== undefined);
  if (writesFile) checkPath(dirname(path), basename(path));
}

/**
 * Writes the id of an override into the file of its app, so that another sync does not create it again.
 * @throws CliError when the file has changed meanwhile or cannot be written; it has the id
 */
export function storeOverrideId({ path, file }: LocalApp, index: number, id: string): void {
  const expected = file.overrides?.[index]?.local;
  const text = readFileSync(path, 'utf8');
  const current = located(path, () => readManifest(basename(path), text).file as AppFile);
  if (current.overrides?.[index]?.local !== expected)
    throw new CliError(`${basename(path)} was changed meanwhile.`, {
      file: path,
      remedy: `add "id: ${id}" to the override ${expected}`,
    });
  writeFiles(dirname(path), [{ path: basename(path), content: Buffer.from(withOverrideId(text, index, id)) }]);
}
