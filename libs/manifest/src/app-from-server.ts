import { Fault } from '@runos/kernel';
import { AppSource, clearableFields } from '@runos/service-types/fields';
import { AppFile } from './app-file.js';
import { namesOf } from './compare-app.js';
import { sizeKeys } from './compare-size.js';

type Json = Readonly<Record<string, unknown>>;

/** What the server shows of an app, in the names of its API. */
export interface ShownApp {
  readonly aid: string;
  readonly cid: string;
  readonly app: Json & { readonly id: string; readonly name: string };
  readonly requires: Readonly<Record<string, Json>>;
  readonly secretFiles: readonly { readonly filename: string; readonly mountPath: string; readonly md5: string }[];
  readonly overrides: readonly (OverrideName & { readonly enabled: boolean; readonly md5: string })[];
  readonly hasEnv: boolean;
  readonly hasSecretEnv: boolean;
}

interface OverrideName {
  readonly id: string;
  readonly name: string;
}

/** Fields of a file that the server takes over, and shows, under the same name. */
const sameFields: readonly string[] = [
  'deployType',
  'image',
  'clusterDomainId',
  'servicePortMappings',
  ...Object.keys(AppSource.shape),
  ...clearableFields,
];

/** The names of the files beside that of an app, in lower case. */
export const sideFilesOf = (cid: string, id: string) => {
  const name = `${cid}.${id}`.toLowerCase();
  return { env: `runos.${name}.config.env`, secretEnv: `.runos.${name}.env`, secretFiles: '.secret-files' };
};

/**
 * The file of an app as the server has it. A class is written without its numbers, `custom` with all of them. Paths, and
 * what only a file has, come from `local`.
 * @throws Fault `manifest.invalid` when the server shows what no file of this build can hold
 */
export function appFromServer(shown: ShownApp, local?: AppFile): AppFile {
  const { app, aid, cid } = shown;
  const sides = sideFilesOf(cid, app.id);
  const size = app['resourceRequirementClassId'] === 'custom' || !app['resourceRequirementClassId'];
  const kept = ['resourceRequirementClassId', ...(size ? sizeKeys.filter((name) => name !== 'storageMb') : [])];
  const names: readonly string[] = [
    ...sameFields,
    ...kept,
    ...(app['readOnlyRootFilesystem'] === true ? ['readOnlyRootFilesystem'] : []),
  ];
  const fields = Object.fromEntries(names.map((name) => [name, filled(app[name])]));
  const result = AppFile.safeParse({
    ...fields,
    app: app.name,
    deployType: fields['deployType'] ?? 'image',
    id: app.id,
    cid,
    aid,
    secretEnv: local?.secretEnv ?? (shown.hasSecretEnv ? sides.secretEnv : undefined),
    env: local?.env ?? (shown.hasEnv ? sides.env : undefined),
    sourceDir: local?.sourceDir ?? fields['sourceDir'],
    dockerfile: local?.dockerfile ?? fields['dockerfile'],
    configPath: local?.configPath ?? fields['configPath'],
    integration: local?.integration,
    storageMb: local?.storageMb,
    secretFiles: filled(secretFilesOf(shown, local)) ?? (local?.secretFiles && []),
    overrides: filled(overridesOf(shown, local)) ?? (local?.overrides && []),
    requires: filled(linksOf(shown.requires, local?.requires)),
  });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Fault(
    'manifest.invalid',
    `App ${app.id} has ${issue?.path.join('.')} that no file can hold: ${issue?.message}. A newer runos may know it.`,
  );
}

/** Undefined for null and for what is empty. */
const filled = <Value>(value: Value): Value | undefined =>
  value === null || value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0)
    ? undefined
    : value;

function secretFilesOf({ secretFiles, cid, app }: ShownApp, local?: AppFile) {
  const folder = sideFilesOf(cid, app.id).secretFiles;
  return secretFiles.map(({ filename, mountPath, md5 }) => {
    const known = local?.secretFiles?.find((each) => namesOf(each).filename === filename);
    return { filename, mountPath, local: known?.local ?? `${folder}/${filename}`, md5 };
  });
}

function overridesOf({ overrides }: ShownApp, local?: AppFile) {
  const names = new Map<string, string>();
  return overrides.map(({ id, name, enabled, md5 }) => {
    const known = local?.overrides?.find((each) => each.id === id)?.local;
    const path = known ?? overridePath({ id, name }, new Set(names.values()));
    names.set(id, path);
    return { id, name, enabled, local: path, md5 };
  });
}

/** The path of an override by its name, with a part of its id where that is taken. Source: existing clients. */
function overridePath({ id, name }: OverrideName, taken: ReadonlySet<string>): string {
  const start = id.slice(0, 6);
  const parts = name.toLowerCase().split(/[^a-z0-9]/);
  const [first, last] = [parts.findIndex(Boolean), parts.findLastIndex(Boolean)];
  const base = first < 0 ? start : parts.slice(first, last + 1).join('-');
  const names = [base, `${base}-${start}`].map((each) => `overrides/${each}.yaml`);
  return names.find((path) => !taken.has(path)) ?? `overrides/${base}-${id}.yaml`;
}

function linksOf(shown: ShownApp['requires'], local: AppFile['requires'] = {}) {
  return Object.fromEntries(
    Object.entries(shown).map(([alias, { id, type, config, env }]) => {
      const known = local[alias];
      return [
        alias,
        { id, type, class: known?.class, config: filled(config) ?? known?.config, env: filled(env) ?? known?.env },
      ];
    }),
  );
}
