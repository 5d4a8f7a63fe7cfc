import { isDeepStrictEqual } from 'node:util';
import { bytesOf } from './app-document.js';
import { readFolder, readLocal, type AppFolder } from './app-folder.js';
import { appPath, type AppPlace, type AppState, readApp } from './app-state.js';
import { ownVariables } from './diff-app.js';
import { followJob } from './follow-job.js';
import { patchOf } from './plan-app.js';
import type { Row, Wire } from './wire.js';

interface SecretFileChange {
  readonly add?: readonly Row[];
  readonly remove?: readonly unknown[];
}

/** What a sync sends of the variables and secret files; absent: unchanged. */
interface SecretChanges {
  readonly secretEnvVars?: Row;
  readonly envVars?: Row;
  readonly files?: SecretFileChange;
}

function secretChanges(files: AppFolder, state: AppState): SecretChanges {
  const own = ownVariables(files.secretEnv, state);
  const isSecretOther = !isDeepStrictEqual(own, ownVariables(state.secretEnv, state));
  if (isSecretOther && Object.keys(own).length === 0)
    throw new Error('the secret variables would all be removed; existing clients refuse that');
  const changed = secretFileChange(files, state);
  return {
    ...(isSecretOther ? { secretEnvVars: own } : {}),
    ...(isDeepStrictEqual(files.env, { ...state.env }) ? {} : { envVars: files.env }),
    ...(changed === undefined ? {} : { files: changed }),
  };
}

function secretFileChange({ document, folder }: AppFolder, { secretFiles }: AppState): SecretFileChange | undefined {
  const listed = (document['secretFiles'] ?? []) as readonly Row[];
  const add = listed.flatMap(({ filename, mountPath, local }) => {
    const content = readLocal(folder, local).toString('base64');
    const before = secretFiles.find((each) => each['filename'] === filename);
    const isSame = before?.['content'] === content && before['mountPath'] === mountPath;
    return isSame ? [] : [{ filename, mountPath: mountPath ?? `/${String(filename)}`, content }];
  });
  const remove = secretFiles
    .map(({ filename }) => filename)
    .filter((filename) => !listed.some((each) => each['filename'] === filename));
  if (add.length + remove.length === 0) return undefined;
  return { ...(add.length > 0 ? { add } : {}), ...(remove.length > 0 ? { remove } : {}) };
}

/** The writes of variables and secret files: one for all where two or more of the three kinds change. */
function secretWrites(path: string, { secretEnvVars, envVars, files }: SecretChanges): [string, string, unknown?][] {
  const kinds = [secretEnvVars, envVars, files].filter((each) => each !== undefined).length;
  if (kinds > 1) {
    const dropping = secretEnvVars === undefined ? {} : { secretEnvVars, allowDrop: true };
    return [['POST', `${path}/secrets`, { ...dropping, ...(envVars && { envVars }), ...files }]];
  }
  if (secretEnvVars) return [['POST', `${path}/secret-env-vars`, { envVars: secretEnvVars, allowDrop: true }]];
  if (envVars) return [['POST', `${path}/env-vars`, { envVars }]];
  return files ? [['POST', `${path}/secret-files`, files]] : [];
}

function overrideWrites(
  path: string,
  { document, folder }: AppFolder,
  { overrides }: AppState,
): [string, string, unknown?][] {
  const listed = (document['overrides'] ?? []) as readonly Row[];
  const writes = listed.flatMap(({ id, name, enabled, local }): [string, string, unknown][] => {
    const content = { name, data: readLocal(folder, local).toString('base64'), enabled };
    const before = overrides.find((each) => id !== undefined && each['id'] === id);
    if (before === undefined) return [['POST', `${path}/overrides`, content]];
    const isSame = before['name'] === name && before['enabled'] === enabled;
    if (isSame && bytesOf(before['data']).equals(readLocal(folder, local))) return [];
    return [['PUT', `${path}/overrides/${String(id)}`, content]];
  });
  const gone = overrides.filter(({ id }) => !listed.some((each) => each['id'] === id));
  return [...writes, ...gone.map(({ id }): [string, string] => ['DELETE', `${path}/overrides/${String(id)}`])];
}

/** Sends what the files change, in the order of existing clients, and follows each job. Returns the responses. */
export async function syncApp(wire: Wire, place: AppPlace, folder: string): Promise<readonly Row[]> {
  const state = await readApp(wire, place);
  const files = readFolder(folder, place);
  const path = appPath(place);
  const patch = patchOf(files, state);
  const writes = [
    ...(patch === undefined ? [] : [['PATCH', path, patch] as [string, string, unknown]]),
    ...secretWrites(path, secretChanges(files, state)),
    ...overrideWrites(path, files, state),
  ];
  const responses: Row[] = [];
  for (const [method, to, body] of writes) {
    const response = await wire.send(method, to, body);
    responses.push(response);
    const { jobId } = response;
    if (jobId === undefined) continue;
    const { job } = await followJob(wire, jobId);
    if (job['status'] !== 'completed') throw new Error(`${method} ${to} failed: ${JSON.stringify(job)}`);
  }
  return responses;
}
