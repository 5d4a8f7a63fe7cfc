import type { Issue } from '@runos/kernel';
import type { ResourceNumbers } from '@runos/sizing';
import { memoryBytes } from '@runos/catalog-model';

type Values = Readonly<Record<string, string>>;

const mebibyte = 1024 ** 2;

/** PostgreSQL's defaults, with which the operator validates values that a config set omits. */
const walDefaults = { min_wal_size: '80MB', max_wal_size: '1GB' };

/** The operator rejects a cluster whose `min_wal_size` is not below its `max_wal_size`. */
export function walSizeIssues(values: Values): Issue[] {
  const effective = { ...walDefaults, ...values };
  const [min, max] = [memoryBytes(effective.min_wal_size, 'MB'), memoryBytes(effective.max_wal_size, 'MB')];
  if (min === undefined || max === undefined || min < max) return [];
  const key = 'min_wal_size' in values ? 'min_wal_size' : 'max_wal_size';
  const message = `min_wal_size ${effective.min_wal_size} must be below max_wal_size ${effective.max_wal_size}`;
  return [{ path: `values.${key}`, message }];
}

/** The operator rejects `shared_buffers` above the memory request; above the limit PostgreSQL would not start. */
export function sharedBuffersIssues(numbers: ResourceNumbers, values: Values): Issue[] {
  const { shared_buffers: value } = values;
  const bytes = value === undefined ? undefined : memoryBytes(value, '8kB');
  if (bytes === undefined) return [];
  const field = numbers.memoryRequestMb > 0 ? 'memoryRequestMb' : 'memoryLimitMb';
  if (bytes <= numbers[field] * mebibyte) return [];
  return [
    { path: field, message: `${field} ${numbers[field]} is less than shared_buffers ${value} of the config set` },
  ];
}
