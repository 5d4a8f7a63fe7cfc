import type { CreateService } from '@runos/api';
import type { Issue } from '@runos/kernel';
import type { ServiceType } from '@runos/service-types';

/** Issues for fields that this type does not have, or not for this operation. An empty `flags` fits every type. */
export function fieldIssues(type: ServiceType, fields: CreateService, when: 'create' | 'update'): Issue[] {
  const allowed = type.inputs.filter((input) => input.when.includes(when)).map(({ name }) => name);
  return Object.entries(fields)
    .filter(([name, value]) => value !== undefined && name !== 'flags' && !allowed.includes(name))
    .map(([path]) =>
      type.inputs.some(({ name }) => name === path)
        ? { path, message: `${path} of ${type.type} is fixed at creation` }
        : { path, message: `${type.type} has no ${path}; it takes ${allowed.join(', ')}` },
    );
}

export function versionIssues(type: ServiceType, version: string | undefined): Issue[] {
  if (version === undefined || type.versions.includes(version)) return [];
  const message = `version "${version}" of ${type.type} is not offered; choose one of ${type.versions.join(', ')}`;
  return [{ path: 'version', message }];
}

/** `configSetId` is required for configType `config_set`, implies it, and contradicts `custom`. */
export function configChoiceIssues({ configType, configSetId }: CreateService): Issue[] {
  if (configType === 'config_set' && configSetId === undefined)
    return [{ path: 'configSetId', message: 'configType config_set needs a configSetId' }];
  if (configType === 'custom' && configSetId !== undefined)
    return [{ path: 'configType', message: 'configType custom takes no configSetId; leave out one of the two' }];
  return [];
}
