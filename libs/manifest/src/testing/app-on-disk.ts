import { createHash } from 'node:crypto';
import type { AppFile } from '../app-file.js';
import { appFromServer } from '../app-from-server.js';
import type { AppContent } from '../app-content.js';
import { compareApp } from '../compare-app.js';
import type { FieldChange } from '../field-change.js';
import { type AppSyncPlan, planAppSync } from '../plan-app-sync.js';
import { printAppFile } from '../print-manifest.js';
import { readManifest } from '../read-manifest.js';
import { withOverrideId } from '../write-ids.js';
import type { AppModel } from './app-model.js';

type Variables = Readonly<Record<string, string>>;

/** The files of an app on disk. */
export interface AppOnDisk {
  readonly text: string;
  readonly env?: Variables | undefined;
  readonly secretEnv?: Variables | undefined;
  readonly contents: Readonly<Record<string, string>>;
}

/** The content of the file of an app. */
export const fileOf = (text: string): AppFile => readManifest('runos.yaml', text).file as AppFile;
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** As a pull into an empty folder writes them. */
export function pull(server: AppModel): AppOnDisk {
  const file = appFromServer(server.shown);
  const named = [...(file.secretFiles ?? []), ...(file.overrides ?? [])];
  const contents = server.contents.map((each) => Buffer.from(each, 'base64').toString());
  return {
    text: printAppFile(file),
    env: server.env,
    secretEnv: server.secretEnv,
    contents: Object.fromEntries(named.map(({ local }, index) => [local, contents[index] ?? ''])),
  };
}

const local = ({ text, env, secretEnv, contents }: AppOnDisk): AppContent => ({
  file: fileOf(text),
  env,
  secretEnv,
  md5s: Object.fromEntries(Object.entries(contents).map(([path, content]) => [path, md5(content)])),
});

function stateOf(server: AppModel, files: AppOnDisk): AppContent {
  const file = appFromServer(server.shown, fileOf(files.text));
  const named = [...(file.secretFiles ?? []), ...(file.overrides ?? [])];
  return {
    file,
    env: server.env,
    secretEnv: server.secretEnv,
    size: server.shown.app,
    md5s: Object.fromEntries(named.map((each) => [each.local, each.md5 ?? ''])),
  };
}

/** What `diff` finds. */
export const diff = (files: AppOnDisk, server: AppModel): FieldChange[] =>
  compareApp(local(files), stateOf(server, files));

/** What `sync` plans. */
export const plan = (files: AppOnDisk, server: AppModel, prune = false): AppSyncPlan =>
  planAppSync({
    local: local(files),
    server: stateOf(server, files),
    app: server.shown.app,
    contentOf: (path) => (files.contents[path] === undefined ? undefined : Buffer.from(files.contents[path])),
    prune,
  });

/** What `sync` does: sends the writes, and stores the ids that they answer. */
export function sync(files: AppOnDisk, server: AppModel, prune = false): AppOnDisk {
  const { writes, adopted } = plan(files, server, prune);
  const withAdopted = adopted.reduce((text, { index, id }) => withOverrideId(text, index, id), files.text);
  const text = writes.reduce((before, { method, path, body = {}, createdOverride }) => {
    const { overrideId } = server.write(method, path, body);
    return createdOverride === undefined ? before : withOverrideId(before, createdOverride, String(overrideId));
  }, withAdopted);
  return { ...files, text };
}
