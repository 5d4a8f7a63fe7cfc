import { AppFile } from './app-file.js';
import { canonicalYaml, type YamlMap } from './canonical-yaml.js';
import { isMap } from './is-map.js';
import type { ServiceFile } from './service-file.js';

/** The canonical text of the file of an app: its fields in their order, without those that are absent. */
export function printAppFile(file: AppFile): string {
  const { servicePortMappings = [], requires, overrides, buildArgs } = file;
  const fields: YamlMap = {
    ...(file as YamlMap),
    servicePortMappings: servicePortMappings.map(({ domains, ...mapping }) => ({
      ...mapping,
      domains: unlessEmpty(
        domains.map(({ fqdn, enableCloudflareProxy }) => ({
          fqdn,
          enableCloudflareProxy: enableCloudflareProxy || undefined,
        })),
      ),
    })),
    requires: requires && byName(mapValues(requires, linkFields)),
    overrides: overrides?.map(({ id, name, enabled, local, md5 }) => ({ id, name, enabled, local, md5 })),
    secretFiles: file.secretFiles?.map(({ filename, mountPath, local, md5 }) => ({ filename, mountPath, local, md5 })),
    buildArgs: buildArgs && byName(buildArgs),
  };
  return canonicalYaml(Object.fromEntries(Object.keys(AppFile.shape).map((name) => [name, fields[name]])));
}

type Link = NonNullable<AppFile['requires']>[string];

const linkFields = ({ id, type, class: classId, config, env }: Link): YamlMap => ({
  id,
  type,
  class: classId,
  config: config && Object.keys(config).length > 0 ? config : undefined,
  env: env && Object.keys(env).length > 0 ? byName(env) : undefined,
});

/** The canonical text of the file of a service: its header, then its fields by name. */
export function printServiceFile({ type, id, cid, aid, ...fields }: ServiceFile): string {
  return canonicalYaml({ type, id, cid, aid, ...sorted(fields as YamlMap) });
}

const unlessEmpty = <Item>(list: readonly Item[]): readonly Item[] | undefined => (list.length > 0 ? list : undefined);

const mapValues = <From, To>(map: Readonly<Record<string, From>>, valueOf: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, valueOf(value)]));

/** The encoder of existing clients sorts the keys of maps. */
const byName = <Value>(map: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1)));

/** Also the keys of the maps in it. */
const sorted = (map: YamlMap): YamlMap => byName(mapValues(map, (value) => (isMap(value) ? sorted(value) : value)));
