import { configIssues } from '@runos/catalog-model';
import { Fault, type Issue } from '@runos/kernel';
import { storedType } from '@runos/service-types';
import { describeConfig, type ServiceSpec } from '../revisions/desired-spec.js';

/** What decides whether a server starts. */
export type Configured = Pick<ServiceSpec, 'config' | 'version'>;

/** Why a server of the spec's version does not start with its settings. */
function unfitValues(typeName: string, { config, version }: Configured): Issue[] {
  const type = storedType(typeName);
  if (config === null || type.config === undefined) return [];
  return configIssues(type.config, config.values, [version]);
}

/**
 * Refuses settings with which a server of the spec's version would not start.
 * @param pathOf the field of the request that an issue about a setting (`values.work_mem`) is at
 * @throws Fault `configset.invalid` with every issue
 */
export function refuseUnfitValues(type: string, spec: Configured, pathOf: (path: string) => string): void {
  const { config, version } = spec;
  const issues = unfitValues(type, spec).map(({ path, message }) => ({ path: pathOf(path), message }));
  if (config === null || issues.length === 0) return;
  const subject = `${type} ${version} would not start with ${describeConfig(config)}`;
  const message = `${subject}: ${issues.map((issue) => issue.message).join('; ')}.`;
  throw new Fault('configset.invalid', message, { issues });
}

/** As `refuseUnfitValues`, if the spec has another version of its service than `current`. */
export function refuseUnfitVersion(type: string, current: Configured, spec: Configured): void {
  if (spec.version !== current.version) refuseUnfitValues(type, spec, () => 'version');
}

/** Refuses settings that exceed the size, such as more shared memory than the memory limit. @throws Fault `sizing.invalid` */
export function refuseConflictingValues(type: string, { sizing, config }: ServiceSpec): void {
  const issues = storedType(type).clashes?.(sizing, config?.values ?? {}) ?? [];
  if (issues.length === 0) return;
  throw new Fault('sizing.invalid', `${issues.map(({ message }) => message).join('; ')}.`, { issues });
}
