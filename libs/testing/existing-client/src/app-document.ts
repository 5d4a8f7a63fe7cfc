import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { AppPlace, AppState } from './app-state.js';
import type { Row } from './wire.js';

/** The numbers of a size, in the order of the file. */
export const sizes = ['replicas', 'cpuRequestMc', 'cpuLimitMc', 'memoryRequestMb', 'memoryLimitMb'] as const;

/** The bytes that a response has in base64. */
export const bytesOf = (base64: unknown): Buffer => Buffer.from(String(base64), 'base64');
/** In hexadecimal, as the wire has it. */
export const md5Of = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** `Grace Period` → `grace-period.yaml` */
export const overrideFile = ({ id, name }: Row): string => {
  const letters = [...String(name ?? '').toLowerCase()].map((each) => (/[a-z0-9]/.test(each) ? each : '-'));
  const isLetter = (each: string) => each !== '-';
  const words = letters.slice(letters.findIndex(isLetter), letters.findLastIndex(isLetter) + 1).join('');
  return `overrides/${words || String(id).slice(0, 6)}.yaml`;
};

/** The names of the files of an app in its folder. */
export const fileNames = ({ cid, id }: AppPlace) => ({
  manifest: 'runos.yaml',
  env: `runos.${cid}.${id}.config.env`,
  secretEnv: `.runos.${cid}.${id}.env`,
});

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** What `runos.yaml` has of the state, in the order in which existing clients write it. */
export function documentOf(place: AppPlace, state: AppState): Record<string, unknown> {
  const { app, secretEnv, env, secretFiles, overrides, requires } = state;
  const names = fileNames(place);
  const isThin = app['resourceRequirementClassId'] !== 'custom';
  const given = (name: string) => ({ [name]: app[name] });
  const document: Record<string, unknown> = {
    app: app['name'],
    deployType: app['deployType'] ?? 'cli',
    id: place.id,
    cid: place.cid,
    aid: place.aid,
    secretEnv: isEmpty(secretEnv) ? undefined : names.secretEnv,
    env: isEmpty(env) ? undefined : names.env,
    ...(isThin ? {} : given('replicas')),
    ...given('clusterDomainId'),
    ...given('resourceRequirementClassId'),
    ...(isThin ? {} : Object.fromEntries(sizes.slice(1).map((name) => [name, app[name]]))),
    servicePortMappings: ((app['servicePortMappings'] ?? []) as Row[]).map(mappingOf),
    ...Object.fromEntries(
      ['healthCheck', 'healthCheckPort', 'healthCheckPath', 'metricsPort', 'metricsPath', 'deploymentStrategy'].map(
        (name) => [name, app[name]],
      ),
    ),
    ...given('nodeAffinityTags'),
    ...given('buildArgs'),
    secretFiles: secretFiles.map(({ filename, mountPath, md5 }) => ({
      filename,
      mountPath,
      local: `.secret-files/${String(filename)}`,
      md5,
    })),
    overrides: overrides.map((override) => ({
      id: override['id'],
      ...(isEmpty(override['name']) ? {} : { name: override['name'] }),
      enabled: override['enabled'],
      local: overrideFile(override),
      md5: md5Of(bytesOf(override['data'])),
    })),
    requires: Object.fromEntries(Object.entries(requires).map(([alias, link]) => [alias, linkOf(link)])),
  };
  return Object.fromEntries(
    Object.entries(document).filter(([name, value]) => name === 'servicePortMappings' || !isEmpty(value)),
  );
}

function mappingOf({ port, standardHttps, domains }: Row): Row {
  const named = ((domains ?? []) as (Row | string)[]).map((domain) =>
    typeof domain === 'string' ? { fqdn: domain } : domain,
  );
  return { port, standardHttps, ...(named.length === 0 ? {} : { domains: named }) };
}

/** Without the class, which is for creations only. */
export const linkOf = ({ id, type, config, env }: Row): Row => ({
  id,
  type,
  ...(isEmpty(config) ? {} : { config }),
  ...(isEmpty(env) ? {} : { env }),
});

/** The text of a file: four spaces, and items of a list below their key. */
export const printDocument = (document: Row): string => stringify(document, { indent: 4, lineWidth: 0 });
