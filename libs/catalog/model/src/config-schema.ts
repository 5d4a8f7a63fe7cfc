import type { Issue } from '@runos/kernel';
import { type ConfigKey, isSameValue, problemWithValue } from './config-key.js';
import { changedAtStart, startIssues, type StartRules } from './start-rule.js';

/** The allowed keys and values of a type's config sets. */
export interface ConfigSchema {
  readonly keys: Readonly<Record<string, ConfigKey>>;
  /** Settings of the service that users may not set, each with the reason. */
  readonly reserved: Readonly<Record<string, string>>;
  /** What a server checks of several settings together; applied where each of them is valid. */
  readonly start?: StartRules;
  /** Who lets the service reload its other settings, without reporting when it has; absent where a report shows it. */
  readonly reloadedBy?: string;
}

const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

function problemWithKey(schema: ConfigSchema, key: string, value: string): string | undefined {
  const known = own(schema.keys, key);
  if (known) return problemWithValue(known, key, value);
  const reservedFor = own(schema.reserved, key);
  if (reservedFor !== undefined) return `${key} cannot be set: ${reservedFor}`;
  const lower = key.toLowerCase();
  return own(schema.keys, lower) ? `${key} is written ${lower}` : `${key} is not a setting that can be set here`;
}

/**
 * Every issue of the values of a config set; paths are `values.<key>`. Values that a server of one of the `versions` starts
 * with have none; otherwise the issues are those of the last version.
 */
export function configIssues(
  schema: ConfigSchema,
  values: Readonly<Record<string, string>>,
  versions: readonly string[],
): Issue[] {
  const problems = new Map<string, string>();
  for (const [key, value] of Object.entries(values)) {
    const message = problemWithKey(schema, key, value);
    if (message !== undefined) problems.set(key, message);
  }
  const issues = [...problems].map(([key, message]) => ({ path: `values.${key}`, message }));
  const { start, keys } = schema;
  if (start === undefined) return issues;
  const valid = Object.fromEntries(Object.entries(values).filter(([key]) => !problems.has(key)));
  const rules = start.rules.filter(({ settings }) => !settings.some((key) => problems.has(key)));
  const byVersion = versions.map((version) => startIssues({ ...start, rules }, keys, valid, version));
  return byVersion.some((each) => each.length === 0) ? issues : [...issues, ...(byVersion.at(-1) ?? [])];
}

/** The settings whose change from `before` to `after` a server of `version` applies only by a restart. */
export function restartSettings(
  { keys, start }: ConfigSchema,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  version: string,
): string[] {
  return start === undefined ? [] : changedAtStart(start, keys, [before, after], version);
}

/** The settings whose change from `before` to `after` a server of `version` reloads without a report. */
export function reloadedSettings(
  { keys, start, reloadedBy }: ConfigSchema,
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  version: string,
): string[] {
  if (reloadedBy === undefined) return [];
  const readAtStart = start?.readAtStart(version) ?? [];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const isReloaded = (name: string): boolean => !readAtStart.includes(name);
  return names.filter((name) => isReloaded(name) && !isSameValue(own(keys, name), before[name], after[name]));
}
