import type { Issue } from '@runos/kernel';
import { type ConfigKey, problemWithValue } from './config-key.js';
import { startIssues, type StartRules } from './start-rule.js';

/** The allowed keys and values of a type's config sets. */
export interface ConfigSchema {
  readonly keys: Readonly<Record<string, ConfigKey>>;
  /** Settings of the service that users may not set, each with the reason. */
  readonly reserved: Readonly<Record<string, string>>;
  /** What a server checks of all settings together; applied when each value is valid. */
  readonly start?: StartRules;
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
  const issues = Object.entries(values).flatMap(([key, value]) => {
    const message = problemWithKey(schema, key, value);
    return message === undefined ? [] : [{ path: `values.${key}`, message }];
  });
  const { start, keys } = schema;
  if (issues.length > 0 || start === undefined) return issues;
  const byVersion = versions.map((version) => startIssues(start, keys, values, version));
  return byVersion.some((each) => each.length === 0) ? [] : (byVersion.at(-1) ?? []);
}
