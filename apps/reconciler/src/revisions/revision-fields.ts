import type { OutputOf, reconciler } from '@runos/contracts';
import { canonicalJson } from '@runos/kube-objects';
import { createHash } from 'node:crypto';
import type { PullCredentials } from '../registries/pull-credentials.js';
import { type AppSpec, type DesiredSpec, type ServiceSpec, settingsOf } from './desired-spec.js';

type Fields = Readonly<Record<string, unknown>>;
type Changes = OutputOf<typeof reconciler.diffInstanceRevision>['changes'];

/** The fields of a spec by the names that they have in an update. A setting is `advanced.<key>`. */
export function fieldsOf(spec: DesiredSpec): Fields {
  const { storage: _, storageMb, ...numbers } = spec.sizing;
  return {
    ...spec.inputs,
    rendererVersion: spec.rendererVersion,
    ...numbers,
    ...(storageMb === null ? {} : { storageMb }),
    driftPolicy: spec.driftPolicy,
    allowedWriters: spec.allowedWriters ?? [],
    ...(spec.autoRollback === undefined ? {} : { autoRollback: spec.autoRollback }),
    ...overrideFields(spec),
    ...(spec.kind === 'service' ? serviceFields(spec) : appFields(spec)),
    requires: spec.requires,
    restartedAt: spec.restartedAt,
  };
}

/** An override is `overrides.<id>`; its bytes are shown by their digest. */
function overrideFields({ overrides }: DesiredSpec): Fields {
  const files = overrides?.files ?? [];
  return Object.fromEntries(
    files.map(({ id, name, enabled, data }) => {
      const md5 = createHash('md5').update(Buffer.from(data, 'base64')).digest('hex');
      return [`overrides.${id}`, { name, enabled, md5 }];
    }),
  );
}

function serviceFields(spec: ServiceSpec): Fields {
  const { version, config } = spec;
  const settings = Object.entries(settingsOf(spec)).map(([key, value]) => [`advanced.${key}`, value] as const);
  return {
    version,
    configSetId: config?.setId ?? null,
    configSetVersion: config?.version ?? null,
    ...Object.fromEntries(settings),
  };
}

/** A variable is `env.<name>` or `secretEnv.<name>`, a file `secretFiles.<name>`. Secret values are only marked. */
function appFields({ environment, links, pullCredentials }: AppSpec): Fields {
  const { env, secretEnv, linkedEnv, secretFiles } = environment;
  const variables = Object.entries(env).map(([name, value]) => [`env.${name}`, value] as const);
  const secrets = Object.entries({ ...secretEnv, ...linkedEnv }).map(
    ([name, digest]) => [`secretEnv.${name}`, marked(digest)] as const,
  );
  const files = secretFiles.map(
    ({ filename, mountPath, digest }) => [`secretFiles.${filename}`, { mountPath, content: marked(digest) }] as const,
  );
  return {
    ...Object.fromEntries<unknown>([...variables, ...secrets, ...files]),
    links,
    ...(pullCredentials === undefined ? {} : { pullCredentials: shownCredentials(pullCredentials) }),
  };
}

const marked = (digest: string): string => `secret ${digest.slice(0, 8)}`;

/** The mark of the password differs with the registry and the user name too. */
const shownCredentials = ({ registry, username, digest }: PullCredentials) => ({
  registry,
  username,
  password: marked(digest),
});

/** The fields that differ, in the order of their names. `before` is null for a creation, and `after` for a deletion. */
export function changedFields(before: DesiredSpec | null, after: DesiredSpec | null): Changes {
  const [a, b] = [before === null ? {} : fieldsOf(before), after === null ? {} : fieldsOf(after)];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return names.flatMap((field) => {
    const [old, next] = [a[field] ?? null, b[field] ?? null];
    return canonicalJson(old) === canonicalJson(next) ? [] : [{ field, before: old, after: next }];
  });
}
