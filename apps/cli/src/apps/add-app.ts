import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { appCreateBody, planAppSync, withAppId } from '@runos/manifest';
import { CliError } from '../failure/cli-error.js';
import { clusterOf } from '../files/file-place.js';
import { located, type ManifestFile, onlyManifestIn, readManifestFile } from '../files/read-manifests.js';
import { writeFiles } from '../files/write-files.js';
import type { ApiClient } from '../http/api-client.js';
import { isDocument } from '../output/document.js';
import type { Output } from '../output/output.js';
import { applyWrites, type AppliedWrite, jobIdsOf } from '../sync/apply-writes.js';
import type { CommandContext } from '../terminal/command-context.js';
import { ignoreFile } from './ignore-file.js';
import { contentOf, type LocalApp, readLocalApp } from './local-app.js';
import { appPath, AppReader } from './server-app.js';
import { planSync, storeOverrideId } from './sync-app.js';

interface AddOptions {
  readonly cid?: string | undefined;
  readonly follow?: boolean | undefined;
}

/** The file of an app at a path, or the only one in a folder; undefined for a file of other inputs. @throws CliError */
export function appFileAt(path: string): ManifestFile<'app'> | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) return onlyManifestIn(path, 'app');
  if (stat?.isFile() !== true || !/^["']?app["']?[ \t]*:/m.test(readFileSync(path, 'utf8'))) return undefined;
  return readManifestFile(path, 'app');
}

/**
 * Creates the app of a file, writes its id into the file, then writes what its files hold besides: variables, secret
 * files and overrides.
 * @throws CliError that names what was applied and what was not
 */
export async function addApp(
  manifest: ManifestFile<'app'>,
  { cid, follow = false }: AddOptions,
  context: CommandContext,
  output: Output,
): Promise<void> {
  const { path, file } = manifest;
  const cluster = clusterOf(manifest, context, cid);
  if (file.id !== undefined)
    throw new CliError(`${basename(path)} has the id ${file.id}: the app exists.`, {
      file: path,
      field: 'id',
      remedy: 'runos apps sync',
    });
  checkFiles(readLocalApp(manifest));
  writeFiles(dirname(path), [ignoreFile(dirname(path), file, file.app)]);
  const client = context.client();
  await refuseExisting(manifest, cluster, client);
  const body = located(path, () => appCreateBody(file));
  const collection = appPath({ ...cluster, id: '' }).slice(0, -1);
  const answer = (await client.send({ method: 'POST', path: collection, body })).body;
  const id = isDocument(answer) ? answer['id'] : undefined;
  if (!isDocument(answer) || typeof id !== 'string') throw new CliError('The server shows no id of the app.');
  output.note(`${file.app} (${id}) is created.`);
  for (const warning of Array.isArray(answer['warnings']) ? answer['warnings'] : []) output.warn(String(warning));
  storeAppId(path, id);
  const created: AppliedWrite = { name: 'create', method: 'POST', jobId: String(answer['jobId']) };
  const applied = await addRest(path, { ...cluster, id }, created, client, context);
  const jobIds = jobIdsOf(applied);
  const last = jobIds.at(-1);
  if (follow && last !== undefined) {
    const { followJob } = await import('../jobs/follow-job.js');
    await followJob({ jobId: last, context, output });
  }
  const document = { ...answer, file: path, applied, jobIds, followed: follow };
  await output.print(document, () => `${file.app} · app-${id} · cluster ${cluster.cid}\n`);
  if (!follow && last !== undefined) output.note(`Follow rollout: runos follow ${last}`);
}

/** @throws CliError for files that are missing or that no request can hold, before anything is created */
function checkFiles({ content, folder, path }: LocalApp): void {
  const server = { ...content, env: {}, secretEnv: {}, file: { ...content.file, secretFiles: [], overrides: [] } };
  located(path, () => planAppSync({ local: content, server, app: {}, contentOf: (each) => contentOf(folder, each) }));
}

/** The answer of an earlier creation may have been lost. Source: existing clients refuse a known name too. */
async function refuseExisting(
  { path, file }: ManifestFile<'app'>,
  { aid, cid }: { readonly aid: string; readonly cid: string },
  client: ApiClient,
): Promise<void> {
  const [id] = await new AppReader(client).ids(aid, cid, file.app);
  if (id === undefined) return;
  throw new CliError(`An app with the name ${file.app} exists: ${id}. Nothing was created.`, {
    file: path,
    field: 'app',
    remedy: `add "id: ${id}" to the file, then runos apps diff; or choose another name`,
  });
}

function storeAppId(path: string, id: string): void {
  try {
    const text = withAppId(readFileSync(path, 'utf8'), id);
    writeFiles(dirname(path), [{ path: basename(path), content: Buffer.from(text) }]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`The app is created, but its file has no id: ${reason}`, {
      file: path,
      remedy: `add "id: ${id}" to it, then runos apps sync`,
    });
  }
}

/** The writes of a sync after the creation: with them, the job of the creation is superseded. */
async function addRest(
  path: string,
  place: { readonly aid: string; readonly cid: string; readonly id: string },
  created: AppliedWrite,
  client: ApiClient,
  context: CommandContext,
): Promise<readonly AppliedWrite[]> {
  const local = readLocalApp(readManifestFile(resolve(path), 'app'));
  const server = await new AppReader(client).read(place).catch((error: unknown) => {
    if (!(error instanceof CliError)) throw error;
    const message = `${error.message} The app ${place.id} is created, without its variables, files and overrides.`;
    throw new CliError(message, { ...error.details, remedy: 'runos apps sync finishes it' });
  });
  const target = {
    client,
    path: appPath(place),
    name: server.shown.app.name,
    diff: 'runos apps diff',
    sync: 'runos apps sync',
    generation: server.generation,
  };
  return applyWrites(target, {
    writes: planSync(local, server, false).writes,
    earlier: [created],
    now: context.now,
    onApplied: (_done, { createdOverride }, { overrideId }) => {
      if (createdOverride !== undefined && typeof overrideId === 'string')
        storeOverrideId(local, createdOverride, overrideId);
      return Promise.resolve();
    },
  });
}
