import { appTypeFields, clearableFields } from '@runos/service-types/fields';
import type { AppContent } from './app-content.js';
import type { AppFile } from './app-file.js';
import { sizeChanges, type SizeFields } from './compare-size.js';
import { pairedOverrides } from './paired-overrides.js';
import { changesBetween, entryChanges, type FieldChange, valueChanges } from './field-change.js';

type Variables = Readonly<Record<string, string>>;

/** Fields that a file without them clears. The order of tags has no meaning, so they are compared apart. */
const clearedWhenAbsent = clearableFields.filter((key) => key !== 'nodeAffinityTags');
/** Fields that a file without them keeps. */
const keptWhenAbsent = ['app', 'deployType', 'image', 'buildArgs'] as const;

/**
 * What differs between the files of an app and the state of the server, by meaning. Order, comments, defaults and short
 * forms are no difference. The variables that links set are none either. An absent field means what it means in an
 * update of the app. Where sources are, and how they are built, is up to the file alone.
 */
export function compareApp(local: AppContent, server: AppContent): FieldChange[] {
  const file = local.file;
  const state = server.file;
  const linked = linkedNames(file, state);
  return [
    ...keptWhenAbsent
      .filter((key) => file[key] !== undefined)
      .flatMap((key) => changesBetween({ field: key, key, before: state[key], after: file[key] })),
    ...rootFilesystemChanges(file, state),
    ...sizeChanges(sizeOf(file), server.size ?? sizeOf(state), appTypeFields.sizing),
    ...(file.clusterDomainId === undefined || state.clusterDomainId === undefined
      ? []
      : changesOf('clusterDomainId', state.clusterDomainId, file.clusterDomainId)),
    ...(file.servicePortMappings === undefined ? [] : portChanges(file.servicePortMappings, state.servicePortMappings)),
    ...clearedWhenAbsent.flatMap((key) => changesOf(key, state[key], file[key])),
    ...changesOf('nodeAffinityTags', state.nodeAffinityTags?.toSorted(), file.nodeAffinityTags?.toSorted()),
    ...changesOf('requires', linksOf(state), linksOf(file)).map((change) => ({
      ...change,
      field: change.field.replace('.', ' '),
    })),
    ...variableChanges('env', local.env, server.env, new Set()),
    ...variableChanges('secretEnv', local.secretEnv, server.secretEnv, linked),
    ...secretFileChanges(local, server),
    ...overrideChanges(local, server),
  ];
}

const changesOf = (key: string, before: unknown, after: unknown): FieldChange[] =>
  changesBetween({ field: key, key, before, after });

/** `false` is what an absent field means on the server. */
function rootFilesystemChanges({ readOnlyRootFilesystem: after }: AppFile, state: AppFile): FieldChange[] {
  const key = 'readOnlyRootFilesystem';
  const before = state[key] ?? false;
  return after === undefined || after === before ? [] : [{ field: key, key, kind: 'changed', before, after }];
}

/** `storageMb` of an app has no effect. */
const sizeOf = ({ storageMb: _, ...file }: AppFile): SizeFields => file as SizeFields;

/** The names of variables that links set: they are no variables of the user. */
export const linkedNames = (...files: readonly AppFile[]): ReadonlySet<string> =>
  new Set(files.flatMap(({ requires = {} }) => Object.values(requires).flatMap(({ env = {} }) => Object.values(env))));

type Mappings = NonNullable<AppFile['servicePortMappings']>;

function portChanges(file: Mappings, state: Mappings = []): FieldChange[] {
  const key = 'servicePortMappings';
  const fieldsOf = (mappings: Mappings) =>
    Object.fromEntries(
      mappings.map(({ port, standardHttps, domains }) => {
        const hosts = domains.map(({ fqdn, enableCloudflareProxy }) => [fqdn, { enableCloudflareProxy }]);
        return [`port ${port}`, { standardHttps, domains: Object.fromEntries(hosts) as object }];
      }),
    );
  const [before, after] = [fieldsOf(state), fieldsOf(file)];
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  const changes = names.flatMap((field) => changesBetween({ field, key, before: before[field], after: after[field] }));
  const [wasOrder, order] = [state, file].map((mappings) => mappings.map(({ port }) => port));
  return changes.length > 0
    ? changes
    : changesBetween({ field: 'order of ports', key, before: wasOrder, after: order });
}

/** Links in one form: an OSID is shortened to its id, and what is empty is absent. */
const linksOf = ({ requires = {} }: AppFile): object =>
  Object.fromEntries(
    Object.entries(requires).map(([alias, { id, type, config, env }]) => [
      alias,
      { id: id?.slice(id.lastIndexOf('-') + 1), type, config, env },
    ]),
  );

function variableChanges(
  key: 'env' | 'secretEnv',
  after: Variables | undefined,
  before: Variables | undefined,
  linked: ReadonlySet<string>,
): FieldChange[] {
  if (after === undefined || before === undefined) return [];
  const own = (all: Variables) => Object.fromEntries(Object.entries(all).filter(([name]) => !linked.has(name)));
  return entryChanges(key, own(before), own(after), key === 'secretEnv');
}

/** The name of a secret file, and its path in the containers, with their defaults. */
export function namesOf({ filename, mountPath, local }: NonNullable<AppFile['secretFiles']>[number]) {
  const name = filename ?? local.slice(local.lastIndexOf('/') + 1);
  return { filename: name, mountPath: mountPath ?? `/${name}` };
}

function secretFileChanges(local: AppContent, server: AppContent): FieldChange[] {
  if (local.file.secretFiles === undefined) return [];
  const filesOf = ({ file, md5s }: AppContent) =>
    new Map(
      (file.secretFiles ?? []).map((each) => {
        const { filename, mountPath } = namesOf(each);
        return [filename, { mountPath, md5: md5s[each.local] }] as const;
      }),
    );
  const [before, after] = [filesOf(server), filesOf(local)];
  const key = 'secretFiles';
  return [...new Set([...after.keys(), ...before.keys()])].sort().flatMap((name) => {
    const field = `${key} ${name}`;
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined || is === undefined) {
      return valueChanges({
        field,
        key,
        before: was?.md5,
        after: is?.md5 ?? (is && 'no content'),
        isSecret: true,
        isContent: true,
      });
    }
    const content =
      is.md5 === undefined
        ? []
        : valueChanges({ field, key, before: was.md5, after: is.md5, isSecret: true, isContent: true });
    return [
      ...content,
      ...valueChanges({ field: `${field} mountPath`, key, before: was.mountPath, after: is.mountPath }),
    ];
  });
}

function overrideChanges(local: AppContent, server: AppContent): FieldChange[] {
  if (local.file.overrides === undefined) return [];
  const key = 'overrides';
  const pairs = pairedOverrides(local, server);
  const matched = new Set(pairs.map(({ was }) => was));
  return [
    ...pairs.flatMap(({ override, was }): FieldChange[] => {
      const field = override.local;
      const md5 = local.md5s[override.local];
      if (was === undefined) return [{ field, key, kind: 'only_local', after: md5, isContent: true }];
      const name = override.name ?? was.name;
      return [
        ...valueChanges({ field: `${field} name`, key, before: was.name, after: name }),
        ...valueChanges({ field: `${field} enabled`, key, before: was.enabled, after: override.enabled }),
        ...valueChanges({ field, key, before: server.md5s[was.local], after: md5, isContent: true }),
      ];
    }),
    ...(server.file.overrides ?? [])
      .filter((each) => !matched.has(each))
      .map((each): FieldChange => ({
        field: each.local,
        key,
        kind: 'only_server',
        before: server.md5s[each.local],
        isContent: true,
      })),
  ];
}
