import { configIssues } from '@runos/catalog-model';
import { invalidInput } from '@runos/kernel';
import { serviceType } from '@runos/service-types';

/**
 * Validates the values of a config set: a server of at least one version must start with them. An instance validates them
 * for its own version when it pins them.
 * @throws Fault `configset.invalid` with every issue, `type.not_found`
 */
export function checkConfigValues(typeName: string, values: Readonly<Record<string, string>>): void {
  const type = serviceType(typeName);
  if (!type.config) {
    const message = `${type.type} takes no config set`;
    throw invalidInput('configset.invalid', [{ path: 'type', message }]);
  }
  const issues = configIssues(type.config, values, type.versions);
  if (issues.length > 0) throw invalidInput('configset.invalid', issues);
}
