import type { ServiceFields } from '@runos/api';
import { type InstanceType, kindNames, type ServiceType } from '@runos/catalog-model';
import { type Issue, unavailable } from '@runos/kernel';
import { issuesOf } from '@runos/messaging';
import { knowsVersion, newerBuild, offeredVersions } from '@runos/service-types';

/** Issues of fields that this type does not have, not for this operation, or with another value. */
export function fieldIssues(type: InstanceType, fields: ServiceFields, when: 'create' | 'update'): Issue[] {
  const { create, [when]: schema, unavailable = [] } = type.inputs;
  const parsed = schema.safeParse(fields);
  if (parsed.success) return [];
  const allowed = Object.keys(schema.shape).filter((name) => !unavailable.includes(name));
  return parsed.error.issues.flatMap((issue): Issue[] => {
    if (issue.code !== 'unrecognized_keys' || issue.path.length > 0) {
      return issuesOf({ issues: [issue] }).map(({ path, message }) => ({
        path,
        message: `${path} of ${type.type}: ${message}`,
      }));
    }
    return issue.keys.map((path) => ({
      path,
      message: Object.hasOwn(create.shape, path)
        ? `${path} of ${type.type} is fixed at creation`
        : `${type.type} has no ${path}; it takes ${allowed.join(', ')}`,
    }));
  });
}

/**
 * The version of a new instance: the requested one, else the default, among those that the caller can render. An
 * existing instance keeps its version.
 * @throws Fault `unavailable` when only the newer of both builds has the type or the requested version, or when they
 * have no version in common
 */
export function resolveVersion(
  type: ServiceType,
  rendered: readonly string[],
  requested: string | undefined,
): { readonly version: string } | { readonly issue: Issue } {
  const offered = type.versions.filter((version) => rendered.includes(version));
  const newest = offered.at(-1);
  if (requested !== undefined && offered.includes(requested)) return { version: requested };
  if (requested === undefined && newest !== undefined) {
    return { version: offered.includes(type.defaultVersion) ? type.defaultVersion : newest };
  }
  if (rendered.length === 0) throw newerBuild(`service type ${type.type}`);
  if (requested !== undefined && isOfferedByOne(type, rendered, requested)) {
    throw newerBuild(`version ${requested} of ${type.type}`);
  }
  if (newest === undefined) {
    throw unavailable(`${type.type} has no version that both builds of the control plane have; try again shortly.`, 1);
  }
  const message = `version "${requested}" of ${type.type} is not offered; choose one of ${offered.join(', ')}`;
  return { issue: { path: 'version', message } };
}

/** Whether one build offers the version, and the other is too old to know it. This one knows what it does not offer any more. */
const isOfferedByOne = (type: ServiceType, rendered: readonly string[], version: string): boolean =>
  rendered.includes(version) ? !knowsVersion(type, version) : offeredVersions(type).includes(version);

/** Each allowed writer names a kind that the type has objects of. */
export function writerIssues(type: InstanceType, { allowedWriters = [] }: ServiceFields): Issue[] {
  const kinds = kindNames(type);
  return allowedWriters.flatMap(({ kind }, index) =>
    kinds.includes(kind)
      ? []
      : [{ path: `allowedWriters[${index}].kind`, message: `${type.type} has no ${kind}; it has ${kinds.join(', ')}` }],
  );
}

/** `configSetId` is required for configType `config_set`, implies it, and contradicts `custom`. */
export function configChoiceIssues({ configType, configSetId }: ServiceFields): Issue[] {
  if (configType === 'config_set' && configSetId === undefined)
    return [{ path: 'configSetId', message: 'configType config_set needs a configSetId' }];
  if (configType === 'custom' && configSetId !== undefined)
    return [{ path: 'configType', message: 'configType custom takes no configSetId; leave out one of the two' }];
  return [];
}
