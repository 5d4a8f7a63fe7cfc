import { invalidInput, type Issue } from '@runos/kernel';
import type { FileEntry, OpenEnvironment } from './environment.js';

type Variables = Readonly<Record<string, string>>;

/** A request about variables and files. An absent member changes nothing. */
export interface EnvironmentChange {
  readonly envVars?: Variables | undefined;
  readonly secretEnvVars?: Variables | undefined;
  /** All variables that are not secret may be removed. */
  readonly allowEmpty?: boolean | undefined;
  /** Secret variables that the request does not name may be removed. */
  readonly allowDrop?: boolean | undefined;
  readonly add?: readonly { filename: string; mountPath?: string | undefined; content: string }[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

/** Limits of one app; 0 is no limit. */
export interface EnvironmentLimits {
  readonly maxVariables: number;
  /** Of the value of one variable. */
  readonly maxVariableBytes: number;
  /** Of the names and values of all variables. */
  readonly maxVariablesBytes: number;
  readonly maxSecretFileBytes: number;
}

/**
 * The environment after a change.
 * @throws Fault `request.invalid` with every issue: a name in both kinds or of a link, an unknown or doubled file
 * @throws Fault `request.invalid` for more than a limit, and for variables that would be removed without consent
 */
export function changeOpenEnvironment(
  current: OpenEnvironment,
  change: EnvironmentChange,
  limits: EnvironmentLimits,
): OpenEnvironment {
  const { linkedEnv } = current;
  const next: OpenEnvironment = {
    env: sorted(change.envVars ?? current.env),
    secretEnv: sorted(change.secretEnvVars ? withHidden(change.secretEnvVars, current) : current.secretEnv),
    linkedEnv,
    secretFiles: changedFiles(current.secretFiles, change),
  };
  const issues = [
    ...droppedIssues(current, next, change),
    ...nameIssues(next, change),
    ...fileIssues(current, next, change, limits),
    ...limitIssues(next, limits),
  ];
  if (issues.length > 0) throw invalidInput('request.invalid', issues);
  return next;
}

const sorted = (variables: Variables): Variables =>
  Object.fromEntries(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Existing clients send back the variables of links that they have read: those are ignored. A secret variable of the same
 * name is hidden by the link, and stays.
 */
function withHidden(sent: Variables, { secretEnv, linkedEnv }: OpenEnvironment): Variables {
  const hidden = Object.entries(secretEnv).filter(([name]) => Object.hasOwn(linkedEnv, name));
  return Object.fromEntries([...hidden, ...Object.entries(sent).filter(([name]) => !Object.hasOwn(linkedEnv, name))]);
}

/** The files that a request adds, each with its path. */
const addedFiles = ({ add = [] }: EnvironmentChange): OpenEnvironment['secretFiles'] =>
  add.map(({ filename, mountPath = `/${filename}`, content }) => ({ filename, mountPath, content }));

function changedFiles(
  current: OpenEnvironment['secretFiles'],
  change: EnvironmentChange,
): OpenEnvironment['secretFiles'] {
  const added = addedFiles(change);
  const changed = new Set([...(change.remove ?? []), ...added.map(({ filename }) => filename)]);
  return [...current.filter(({ filename }) => !changed.has(filename)), ...added].sort((a, b) =>
    a.filename < b.filename ? -1 : 1,
  );
}

function droppedIssues(
  current: OpenEnvironment,
  next: OpenEnvironment,
  { envVars, secretEnvVars, allowEmpty, allowDrop }: EnvironmentChange,
): Issue[] {
  const lost = Object.keys(current.secretEnv).filter((name) => !Object.hasOwn(next.secretEnv, name));
  const count = Object.keys(current.env).length;
  return [
    ...(secretEnvVars === undefined || allowDrop || lost.length === 0
      ? []
      : [{ path: 'secretEnvVars', message: `would remove ${lost.join(', ')}; allow that with allowDrop` }]),
    ...(envVars === undefined || allowEmpty || count === 0 || Object.keys(envVars).length > 0
      ? []
      : [{ path: 'envVars', message: `would remove all ${count} variables; allow that with allowDrop` }]),
  ];
}

/** A variable has one source only. Those of links win, so that a plain one of the same name would have no effect. */
function nameIssues({ env, secretEnv, linkedEnv }: OpenEnvironment, { envVars, secretEnvVars }: EnvironmentChange) {
  return Object.keys(env).flatMap((name): Issue[] => {
    const path = envVars === undefined ? `secretEnvVars.${name}` : `envVars.${name}`;
    if (Object.hasOwn(linkedEnv, name) && envVars) return [{ path, message: `${name} is set by a link of the app` }];
    if (!Object.hasOwn(secretEnv, name) || !(envVars ?? secretEnvVars)) return [];
    return [{ path, message: `${name} would be a secret variable and one that is not secret` }];
  });
}

function fileIssues(
  current: OpenEnvironment,
  next: OpenEnvironment,
  change: EnvironmentChange,
  { maxSecretFileBytes }: EnvironmentLimits,
): Issue[] {
  const { remove = [] } = change;
  const has = (name: string, files: readonly Pick<FileEntry, 'filename'>[]) =>
    files.some(({ filename }) => filename === name);
  const unknown = remove.flatMap((name, index) =>
    has(name, current.secretFiles) ? [] : [{ path: `remove[${index}]`, message: `there is no file "${name}"` }],
  );
  const added = addedFiles(change);
  const addIssues = added.flatMap(({ filename, mountPath: target, content }, index): Issue[] => {
    const path = `add[${index}]`;
    const bytes = Buffer.byteLength(content, 'base64');
    const mounted = next.secretFiles.filter(({ mountPath }) => mountPath === target);
    const inside = next.secretFiles.find(
      (other) => isInside(other.mountPath, target) || isInside(target, other.mountPath),
    );
    return [
      ...(has(filename, added.slice(0, index)) ? [{ path, message: `names the file "${filename}" twice` }] : []),
      ...(remove.includes(filename) ? [{ path, message: `the file "${filename}" is also removed` }] : []),
      ...(mounted.length > 1 ? [{ path: `${path}.mountPath`, message: 'another file has this path' }] : []),
      ...(inside ? [{ path: `${path}.mountPath`, message: `${inside.mountPath} is a file, not a folder` }] : []),
      ...over(`${path}.content`, `the file "${filename}"`, bytes, maxSecretFileBytes, 'bytes'),
    ];
  });
  return [...unknown, ...addIssues];
}

const isInside = (path: string, folder: string): boolean => path.startsWith(`${folder}/`);

/** The issues of an environment that has more than a limit. */
export function limitIssues({ env, secretEnv, linkedEnv }: OpenEnvironment, limits: EnvironmentLimits): Issue[] {
  const sources = [
    ['envVars', env],
    ['secretEnvVars', { ...secretEnv, ...linkedEnv }],
  ] as const;
  const all = sources.flatMap(([member, values]) =>
    Object.entries(values).map(([name, value]) => ({
      path: `${member}.${name}`,
      name,
      bytes: Buffer.byteLength(value),
    })),
  );
  const total = all.reduce((sum, { name, bytes }) => sum + Buffer.byteLength(name) + bytes, 0);
  return [
    ...over('envVars', 'the app', all.length, limits.maxVariables, 'variables'),
    ...over('envVars', 'all variables together', total, limits.maxVariablesBytes, 'bytes'),
    ...all.flatMap(({ path, name, bytes }) => over(path, name, bytes, limits.maxVariableBytes, 'bytes')),
  ];
}

const over = (path: string, subject: string, value: number, limit: number, unit: string): Issue[] =>
  limit === 0 || value <= limit
    ? []
    : [{ path, message: `${subject} has ${value} ${unit}; at most ${limit} are allowed` }];
