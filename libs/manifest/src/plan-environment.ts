import type { AppContent } from './app-content.js';
import { namesOf } from './compare-app.js';
import type { FieldChange } from './field-change.js';
import { fileFault } from './manifest-fault.js';
import type { SyncWrite } from './sync-write.js';

type Variables = Readonly<Record<string, string>>;

/** What becomes of the variables of one kind. */
export interface VariablePlan {
  readonly add: Variables;
  readonly update: Variables;
  readonly remove: readonly string[];
  /** All of them afterwards. */
  readonly final: Variables;
}

export interface SecretFileContent {
  readonly filename: string;
  readonly mountPath: string;
  /** Base64. */
  readonly content: string;
}

/** What becomes of the secret files. */
export interface SecretFilePlan {
  readonly add: readonly SecretFileContent[];
  readonly update: readonly SecretFileContent[];
  readonly remove: readonly string[];
}

/** What a sync does to variables and secret files. An absent part stays as it is. */
export interface EnvironmentPlan {
  readonly env?: VariablePlan | undefined;
  readonly secretEnv?: VariablePlan | undefined;
  readonly secretFiles?: SecretFilePlan | undefined;
}

/** The bytes of a file that an app names, by its local path; undefined when there is none. */
export type ContentOf = (local: string) => Uint8Array | undefined;

/** @param changes what is written; what the server keeps is not among them. */
export function planVariables(
  key: 'env' | 'secretEnv',
  local: AppContent,
  server: AppContent,
  changes: readonly FieldChange[],
): VariablePlan | undefined {
  const own = changes.filter((change) => change.key === key);
  const after = local[key];
  if (own.length === 0 || after === undefined) return undefined;
  const namesWith = (kind: FieldChange['kind']) =>
    own.filter((change) => change.kind === kind).map(({ field }) => field.slice(key.length + 1));
  const valuesOf = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, after[name] ?? '']));
  const [add, update] = [valuesOf(namesWith('only_local')), valuesOf(namesWith('changed'))];
  const remove = namesWith('only_server');
  const kept = Object.entries(server[key] ?? {}).filter(([name]) => !remove.includes(name));
  return { add, update, remove, final: { ...Object.fromEntries(kept), ...add, ...update } };
}

/** @throws Fault `manifest.invalid` for a file that must be sent and is not there */
export function planSecretFiles(
  local: AppContent,
  changes: readonly FieldChange[],
  contentOf: ContentOf,
): SecretFilePlan | undefined {
  const own = changes.filter(({ key }) => key === 'secretFiles');
  if (own.length === 0) return undefined;
  const entries = (local.file.secretFiles ?? []).map((each) => ({ ...namesOf(each), local: each.local }));
  const changesOf = (name: string) =>
    own.filter(({ field }) => [`secretFiles ${name}`, `secretFiles ${name} mountPath`].includes(field));
  const filesWith = (isMeant: (kinds: readonly FieldChange[]) => boolean) =>
    entries
      .filter(({ filename }) => changesOf(filename).length > 0 && isMeant(changesOf(filename)))
      .map(({ filename, mountPath, local: path }) => {
        const content = contentOf(path);
        if (content === undefined) throw fileFault('secretFiles', `names ${path}, which does not exist`);
        return { filename, mountPath, content: Buffer.from(content).toString('base64') };
      });
  const isNew = (all: readonly FieldChange[]) => all.some(({ kind }) => kind === 'only_local');
  return {
    add: filesWith(isNew),
    update: filesWith((all) => !isNew(all)),
    remove: own.filter(({ kind }) => kind === 'only_server').map(({ field }) => field.slice('secretFiles '.length)),
  };
}

/**
 * The request for variables and secret files: one for all of them, so that pods are replaced once.
 * Source: existing clients, which send a part alone to a path of its own. That path refuses to remove all variables.
 */
export function environmentWrites(
  { env, secretEnv, secretFiles }: EnvironmentPlan,
  changes: readonly FieldChange[],
): SyncWrite[] {
  const parts = Object.entries({ secretEnv, env, secretFiles }).flatMap(([name, part]) => (part ? [name] : []));
  if (parts.length === 0) return [];
  const files = secretFiles && {
    ...nonEmpty('add', [...secretFiles.add, ...secretFiles.update]),
    ...nonEmpty('remove', secretFiles.remove),
  };
  const write = (path: string, body: NonNullable<SyncWrite['body']>): SyncWrite[] => [
    { name: parts.join(', '), method: 'POST', path, body, changes: changes.filter(({ key }) => parts.includes(key)) },
  ];
  const isCleared = env !== undefined && Object.keys(env.final).length === 0;
  if (parts.length > 1 || isCleared) {
    return write('/secrets', {
      ...(secretEnv && { secretEnvVars: secretEnv.final, allowDrop: true }),
      ...(env && { envVars: env.final }),
      ...files,
    });
  }
  if (secretEnv) return write('/secret-env-vars', { envVars: secretEnv.final, allowDrop: true });
  return env ? write('/env-vars', { envVars: env.final }) : write('/secret-files', { ...files });
}

const nonEmpty = <Item>(name: string, list: readonly Item[]) => (list.length === 0 ? {} : { [name]: list });
