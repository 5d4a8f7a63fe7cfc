import { configIssues } from '@runos/catalog-model';
import { serviceType } from '@runos/service-types';
import { invalid } from '../invalid.js';

/** Validates the values of a config set. @throws Fault `configset.invalid` with every issue, `type.not_found` */
export function checkConfigValues(typeName: string, values: Readonly<Record<string, string>>): void {
  const type = serviceType(typeName);
  if (!type.config) {
    const message = `${type.type} takes no config set`;
    throw invalid('configset.invalid', [{ path: 'type', message }]);
  }
  const issues = configIssues(type.config, values);
  if (issues.length > 0) throw invalid('configset.invalid', issues);
}
