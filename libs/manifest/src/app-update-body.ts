import { clearableFields } from '@runos/service-types/fields';
import type { AppFile } from './app-file.js';
import { sizeKeys } from './compare-size.js';
import type { FieldChange } from './field-change.js';
import { fileFault } from './manifest-fault.js';

type Json = Readonly<Record<string, unknown>>;

/** Fields of a file and of an update with the same name. Absent ones are cleared, or kept, as `compareApp` has it. */
const sameFields = [
  'image',
  'servicePortMappings',
  'readOnlyRootFilesystem',
  ...clearableFields,
  ...sizeKeys.filter((key) => key !== 'storageMb'),
] as const;

/** Fields of sources that a sync sends. The path of the file is its own matter. */
const sentSources = ['sourceDir', 'dockerfile', 'buildArgs'] as const;

/**
 * The body of an update that makes an app as its file: all fields of the file, because absent ones are cleared.
 * @param changes of the file, as `compareApp` finds them
 * @throws Fault `manifest.invalid` for a link that names no instance
 */
export function appUpdateBody(file: AppFile, changes: readonly FieldChange[] = []): Json {
  const isChanged = (key: string) => changes.some((change) => change.key === key);
  const fields = file as Json;
  return compact({
    name: file.app,
    ...(isChanged('deployType') && { deployType: file.deployType }),
    ...(isChanged('clusterDomainId') && { clusterDomainId: file.clusterDomainId }),
    ...picked(fields, sameFields),
    nodeAffinityTags: (file.nodeAffinityTags ?? []).length === 0 ? undefined : file.nodeAffinityTags,
    ...picked(fields, sentSources),
    requires: linksOf(file),
  });
}

/** The body with which the app of a file is created. @throws Fault `manifest.invalid` as `appUpdateBody` */
export const appCreateBody = (file: AppFile): Json =>
  compact({
    ...appUpdateBody(file),
    deployType: file.deployType,
    clusterDomainId: file.clusterDomainId,
    configPath: file.configPath,
  });

/** Where an app of the server has other sources than its file. `diff` does not report them: the file alone decides. */
export const sourceChanges = (file: AppFile, app: Json): FieldChange[] =>
  (['sourceDir', 'dockerfile'] as const).flatMap((key): FieldChange[] => {
    const after = file[key];
    const before = app[key] ?? undefined;
    if (after === undefined || after === '' || after === before) return [];
    return [{ field: key, key, kind: before === undefined ? 'only_local' : 'changed', before, after }];
  });

const picked = (fields: Json, names: readonly string[]): Json =>
  Object.fromEntries(names.map((name) => [name, fields[name]]));

const compact = (fields: Json): Json =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function linksOf({ requires = {} }: AppFile): Json {
  return Object.fromEntries(
    Object.entries(requires).map(([alias, { id, type, config, env }]) => {
      if (id === undefined)
        throw fileFault(`requires.${alias}.id`, 'is missing: create the instance first, and name it by its id');
      return [alias, compact({ type, id, config, env })];
    }),
  );
}
