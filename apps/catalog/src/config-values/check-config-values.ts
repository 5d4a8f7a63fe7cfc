import { configIssues, serviceType } from '@runos/service-types';
import { invalid } from '../invalid.js';

/** Refuses values that the type's config sets cannot hold, with `configset.invalid` and every issue. */
export function checkConfigValues(typeName: string, values: Readonly<Record<string, string>>): void {
  const type = serviceType(typeName);
  if (!type.config) {
    const message = `${type.type} takes no config set`;
    throw invalid('configset.invalid', [{ path: 'type', message }]);
  }
  const issues = configIssues(type.config, values);
  if (issues.length > 0) throw invalid('configset.invalid', issues);
}
