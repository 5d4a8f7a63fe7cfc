import type { CreateService } from '@runos/api';
import type { Issue } from '@runos/kernel';
import type { ServiceType } from '@runos/service-types';

const told = (names: readonly string[]): string => names.join(', ');

/** Fields that this type does not have, or not at this moment; an empty `flags` fits every type. */
export function fieldIssues(type: ServiceType, fields: CreateService, when: 'create' | 'update'): Issue[] {
  const allowed = type.inputs.filter((input) => input.when.includes(when)).map(({ name }) => name);
  return Object.entries(fields)
    .filter(([name, value]) => value !== undefined && name !== 'flags' && !allowed.includes(name))
    .map(([path]) =>
      type.inputs.some(({ name }) => name === path)
        ? { path, message: `${path} of ${type.type} is fixed at creation` }
        : { path, message: `${type.type} has no ${path}; it takes ${told(allowed)}` },
    );
}

export function versionIssues(type: ServiceType, version: string | undefined): Issue[] {
  if (version === undefined || type.versions.includes(version)) return [];
  const message = `version "${version}" of ${type.type} is not offered; choose one of ${told(type.versions)}`;
  return [{ path: 'version', message }];
}

/** A config set is named exactly when it is to be used; naming one is enough. */
export function configChoiceIssues({ configType, configSetId }: CreateService): Issue[] {
  if (configType === 'config_set' && configSetId === undefined)
    return [{ path: 'configSetId', message: 'configType config_set needs a configSetId' }];
  if (configType === 'custom' && configSetId !== undefined)
    return [{ path: 'configType', message: 'configType custom takes no configSetId; leave out one of the two' }];
  return [];
}
