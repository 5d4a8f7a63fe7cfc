import type { Issue } from '@runos/kernel';
import type { ResourceNumbers } from '@runos/sizing';
import { memoryBytes } from '../config-key.js';

type Values = Readonly<Record<string, string>>;

const mebibyte = 1024 ** 2;

/** What PostgreSQL takes when a config set does not say; the operator judges with these. */
const walDefaults = { min_wal_size: '80MB', max_wal_size: '1GB' };

/** The operator refuses a cluster whose `min_wal_size` is not below its `max_wal_size`. */
export function walSizeIssues(values: Values): Issue[] {
  const said = { ...walDefaults, ...values };
  const [min, max] = [memoryBytes(said.min_wal_size, 'MB'), memoryBytes(said.max_wal_size, 'MB')];
  if (min === undefined || max === undefined || min < max) return [];
  const key = 'min_wal_size' in values ? 'min_wal_size' : 'max_wal_size';
  const message = `min_wal_size ${said.min_wal_size} must be below max_wal_size ${said.max_wal_size}`;
  return [{ path: `values.${key}`, message }];
}

/** The operator refuses `shared_buffers` above the memory that is set aside; above the limit nothing would start. */
export function sharedBuffersIssues(numbers: ResourceNumbers, values: Values): Issue[] {
  const said = values.shared_buffers;
  const wanted = said === undefined ? undefined : memoryBytes(said, '8kB');
  if (wanted === undefined) return [];
  const field = numbers.memoryRequestMb > 0 ? 'memoryRequestMb' : 'memoryLimitMb';
  if (wanted <= numbers[field] * mebibyte) return [];
  return [{ path: field, message: `${field} ${numbers[field]} is less than shared_buffers ${said} of the config set` }];
}
