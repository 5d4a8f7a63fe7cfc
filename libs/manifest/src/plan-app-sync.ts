import { appUpdateBody, sourceChanges } from './app-update-body.js';
import type { AppContent } from './app-content.js';
import { compareApp, linkedNames } from './compare-app.js';
import type { FieldChange } from './field-change.js';
import { fileFault } from './manifest-fault.js';
import { overrideName, pairedOverrides } from './paired-overrides.js';
import {
  type ContentOf,
  type EnvironmentPlan,
  environmentWrites,
  planSecretFiles,
  planVariables,
} from './plan-environment.js';
import type { SyncWrite } from './sync-write.js';

/** The files of an app, what the server has, and what a sync may do. */
export interface AppSync {
  readonly local: AppContent;
  readonly server: AppContent;
  /** The app as the server shows it, with its sources. */
  readonly app: Readonly<Record<string, unknown>>;
  readonly contentOf: ContentOf;
  /** Remove what the server has and the files lack. */
  readonly prune?: boolean;
}

/** What a sync of an app is to do. */
export interface AppSyncPlan extends EnvironmentPlan {
  /** In the order in which they are sent. Source: existing clients. */
  readonly writes: readonly SyncWrite[];
  /** All that is written. */
  readonly changes: readonly FieldChange[];
  /** Of these, what is removed from the server. */
  readonly removals: readonly FieldChange[];
  /** What the server alone has and keeps. */
  readonly kept: readonly FieldChange[];
  /** Ids that the file lacks, of overrides that the server has; by the place in the list of the file. */
  readonly adopted: readonly { readonly index: number; readonly id: string }[];
}

const listed = ['env', 'secretEnv', 'secretFiles', 'overrides'] as const;
/** An entry of these that the file lacks is removed with it. */
const removable: readonly string[] = [...listed, 'requires', 'servicePortMappings'];

/**
 * The requests that make an app as its files, as few as possible. A variable, a secret file or an override that the
 * files do not mention is kept, unless their list is empty or `prune` is set. What is not compared is not written.
 * @throws Fault `manifest.invalid` for files that no request can hold
 */
export function planAppSync({ local: given, server, app, contentOf, prune = false }: AppSync): AppSyncPlan {
  const { secretFiles, overrides } = given.file;
  const pruned = { ...given.file, secretFiles: secretFiles ?? [], overrides: overrides ?? [] };
  const local = prune ? { ...given, file: pruned } : given;
  refuseClashes(local, server);
  const isRemoved = Object.fromEntries(listed.map((key) => [key, prune || isListedEmpty(local, server, key)]));
  const all = [...compareApp(local, server), ...sourceChanges(local.file, app)];
  const isKept = ({ key, kind, field }: FieldChange) =>
    kind === 'only_server' && isRemoved[key] === false && !isMissingOverride(local, key, field);
  const changes = all.filter((change) => !isKept(change));
  const ofApp = changes.filter(({ key }) => !listed.some((each) => each === key));
  const environment: EnvironmentPlan = {
    env: planVariables('env', local, server, changes),
    secretEnv: planVariables('secretEnv', local, server, changes),
    secretFiles: planSecretFiles(local, changes, contentOf),
  };
  const yaml: SyncWrite[] =
    ofApp.length === 0
      ? []
      : [{ name: 'yaml', method: 'PATCH', path: '', body: appUpdateBody(local.file, ofApp), changes: ofApp }];
  return {
    ...environment,
    writes: [
      ...yaml,
      ...environmentWrites(environment, changes),
      ...overrideWrites(local, server, changes, contentOf, isRemoved['overrides'] === true),
    ],
    changes,
    removals: changes.filter(({ key, kind }) => kind === 'only_server' && removable.includes(key)),
    kept: all.filter(isKept),
    adopted: pairedOverrides(local, server).flatMap(({ override, was }, index) =>
      was?.id === undefined || was.id === override.id ? [] : [{ index, id: was.id }],
    ),
  };
}

function isListedEmpty({ file, ...local }: AppContent, server: AppContent, key: (typeof listed)[number]): boolean {
  if (key === 'secretFiles' || key === 'overrides') return file[key]?.length === 0;
  const linked = linkedNames(file, server.file);
  return Object.keys(local[key] ?? { '': '' }).every((name) => key === 'secretEnv' && linked.has(name));
}

/** An override whose file is gone differs too, but not because the list lacks it. */
const isMissingOverride = ({ file, md5s }: AppContent, key: string, field: string): boolean =>
  key === 'overrides' && md5s[field] === undefined && (file.overrides ?? []).some(({ local }) => local === field);

/** @throws Fault `manifest.invalid` for a variable of two kinds; it never quotes a value */
function refuseClashes({ file, env = {}, secretEnv = {} }: AppContent, server: AppContent): void {
  const links = linkedNames(file);
  const isOwn = (name: string) => !links.has(name) && !linkedNames(server.file).has(name);
  for (const name of Object.keys(env)) {
    if (links.has(name)) throw fileFault(`env.${name}`, 'is set by a link of `requires`: remove one of them');
    if (Object.hasOwn(secretEnv, name) && isOwn(name))
      throw fileFault(`env.${name}`, 'is also in the file of secret variables: remove one of them');
  }
}

function overrideWrites(
  local: AppContent,
  server: AppContent,
  changes: readonly FieldChange[],
  contentOf: ContentOf,
  isRemoved: boolean,
): SyncWrite[] {
  const pairs = pairedOverrides(local, server);
  const matched = new Set(pairs.map(({ was }) => was));
  const changesOf = (path: string) =>
    changes.filter(
      ({ key, field }) => key === 'overrides' && [path, `${path} name`, `${path} enabled`].includes(field),
    );
  const changed = pairs.flatMap(({ override, was }, index): SyncWrite[] => {
    const own = changesOf(override.local);
    if (was !== undefined && own.length === 0) return [];
    const content = contentOf(override.local);
    if (content === undefined) throw fileFault('overrides', `names ${override.local}, which does not exist`);
    const name = override.name ?? was?.name ?? overrideName(override);
    const body = { name, data: Buffer.from(content).toString('base64'), enabled: override.enabled };
    const write = { name: `override ${name}`, body, changes: own };
    return was?.id === undefined
      ? [{ ...write, method: 'POST', path: '/overrides', createdOverride: index }]
      : [{ ...write, method: 'PUT', path: `/overrides/${encodeURIComponent(was.id)}` }];
  });
  const removed = (server.file.overrides ?? [])
    .filter((each) => isRemoved && !matched.has(each))
    .map(({ id = '', name, local: path }): SyncWrite => ({
      name: `override ${name ?? id}`,
      method: 'DELETE',
      path: `/overrides/${encodeURIComponent(id)}`,
      changes: changesOf(path),
    }));
  return [...changed, ...removed];
}
