import { Fault, invalidInput } from '@runos/kernel';
import { type Override, parseOverride } from '@runos/overrides';

/** What a user writes of an override. */
export interface OverrideContent {
  readonly name: string;
  readonly enabled: boolean;
  /** Base64. */
  readonly data: string;
}

/** Limits of one instance; 0 is no limit, but for the bundle. */
export interface OverrideLimits {
  readonly maxOverrides: number;
  readonly maxOverrideBytes: number;
  /** Of all files together: an instance is read with its overrides. */
  readonly maxBundleBytes: number;
}

/** @throws Fault `override.invalid` for a file that is too large, or is no YAML; the path is a field of the request */
export function overrideOf(id: string, { name, enabled, data }: OverrideContent, limits: OverrideLimits): Override {
  // As it is returned: base64 has several forms of the same bytes.
  const bytes = Buffer.from(data, 'base64');
  const subject = `Override "${name}" has`;
  refuseOver('data', subject, bytes.length, limits.maxOverrideBytes, 'bytes');
  const stored = bytes.toString('base64');
  return { id, name, enabled, data: stored, documents: parseOverride(name, stored) };
}

/** @throws Fault `override.invalid` for more files than a limit, and for more bytes than a bundle may have */
export function refuseTooMany(files: readonly Override[], limits: OverrideLimits): void {
  refuseOver('overrides', 'The instance would have', files.length, limits.maxOverrides, 'overrides');
  const bytes = files.reduce((sum, { data }) => sum + Buffer.byteLength(data, 'base64'), 0);
  refuseOver('data', 'All overrides of the instance would have', bytes, limits.maxBundleBytes, 'bytes');
}

/** @throws Fault `override.not_found` */
export function refuseMissing(files: readonly Override[], id: string, osid: string): void {
  if (files.some((file) => file.id === id)) return;
  throw new Fault('override.not_found', `${osid} has no override "${id}".`);
}

function refuseOver(path: string, subject: string, value: number, limit: number, unit: string): void {
  if (limit === 0 || value <= limit) return;
  const message = `${subject} ${value} ${unit}; at most ${limit} are allowed`;
  throw invalidInput('override.invalid', [{ path, message }]);
}
