import { isDeepStrictEqual } from 'node:util';
import { linkOf, sizes } from './app-document.js';
import type { AppFolder } from './app-folder.js';
import type { AppState } from './app-state.js';
import type { Row } from './wire.js';

/** Sent where the file has them, and kept by the plane where not. */
const kept = ['clusterDomainId', 'resourceRequirementClassId', 'sourceDir', 'dockerfile', ...sizes];
/** Cleared by the plane where the file does not have them. */
const cleared = [
  'healthCheck',
  'healthCheckPort',
  'healthCheckPath',
  'metricsPort',
  'metricsPath',
  'deploymentStrategy',
  'nodeAffinityTags',
];

/** Unset in the file, and its value in a response. */
const isUnset = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || value === 0 || (Array.isArray(value) && value.length === 0);

interface Mapping {
  readonly port: unknown;
  readonly standardHttps: boolean;
  readonly domains?: readonly Row[];
}

/** Absent: the standard host is served. `enableCloudflareProxy` is sent only when true. */
const mappingsOf = (value: unknown): readonly Mapping[] =>
  ((value ?? []) as readonly Row[]).map(({ port, standardHttps, domains }) => {
    const named = ((domains ?? []) as readonly Row[]).map(({ fqdn, enableCloudflareProxy }) => ({
      fqdn,
      ...(enableCloudflareProxy === true ? { enableCloudflareProxy } : {}),
    }));
    return { port, standardHttps: standardHttps !== false, ...(named.length === 0 ? {} : { domains: named }) };
  });

const linksOf = (requires: unknown): Record<string, Row> =>
  Object.fromEntries(
    Object.entries((requires ?? {}) as Record<string, Row>).map(([alias, link]) => [alias, linkOf(link)]),
  );

function isChanged({ document }: AppFolder, { app, requires }: AppState): boolean {
  const isOther = (name: string) => !isUnset(document[name]) && !isDeepStrictEqual(document[name], app[name]);
  return (
    document['app'] !== app['name'] ||
    kept.some(isOther) ||
    cleared.some((name) => isOther(name) || (isUnset(document[name]) && !isUnset(app[name]))) ||
    !isDeepStrictEqual(mappingsOf(document['servicePortMappings']), mappingsOf(app['servicePortMappings'])) ||
    !isDeepStrictEqual(linksOf(document['requires']), linksOf(requires))
  );
}

/** A named class with numbers that are not the app's own becomes `custom` with all five numbers. */
function sizing({ document }: AppFolder, { app }: AppState): Row {
  const given = Object.fromEntries(
    sizes.filter((name) => document[name] !== undefined).map((name) => [name, document[name]]),
  );
  const name = document['resourceRequirementClassId'];
  const isNamed = typeof name === 'string' && name !== '' && name !== 'custom';
  const differs = Object.entries(given).some(
    ([each, value]) => !(each === 'replicas' && value === 0) && value !== app[each],
  );
  if (!isNamed || !differs) return given;
  const all = Object.fromEntries(sizes.map((each) => [each, given[each] ?? app[each]]));
  return { ...all, resourceRequirementClassId: 'custom' };
}

/** The body of the PATCH, which is the whole file and no delta; undefined without a change. */
export function patchOf(files: AppFolder, state: AppState): Row | undefined {
  if (!isChanged(files, state)) return undefined;
  const { document } = files;
  const present = [...kept, ...cleared].filter((name) => !isUnset(document[name]));
  const mappings = mappingsOf(document['servicePortMappings']);
  return {
    name: document['app'],
    ...Object.fromEntries(present.map((name) => [name, document[name]])),
    ...sizing(files, state),
    ...(mappings.length === 0 ? {} : { servicePortMappings: mappings }),
    requires: linksOf(document['requires']),
  };
}
