import { memoryBytes } from '@runos/catalog-model';
import type { Issue } from '@runos/kernel';
import type { ResourceNumbers } from '@runos/sizing';
import { startRules } from './start-rules.js';

type Values = Readonly<Record<string, string>>;

const mebibyte = 1024 ** 2;

/** The operator rejects `shared_buffers` above the memory request; above the limit PostgreSQL would not start. */
function sharedBuffersIssues(numbers: ResourceNumbers, values: Values): Issue[] {
  const { shared_buffers: value } = values;
  const bytes = value === undefined ? undefined : memoryBytes(value, '8kB');
  if (bytes === undefined) return [];
  const field = numbers.memoryRequestMb > 0 ? 'memoryRequestMb' : 'memoryLimitMb';
  if (bytes <= numbers[field] * mebibyte) return [];
  return [
    { path: field, message: `${field} ${numbers[field]} is less than shared_buffers ${value} of the config set` },
  ];
}

/** Bytes, rounded down: the shared memory that PostgreSQL 16 reserves per unit; later versions reserve more. */
const bytesPer = { lock: 350, predicateLock: 215, process: 8_000 } as const;

/** The settings, beside `shared_buffers`, that shared memory grows with. */
const sharedMemorySettings = [
  'max_connections',
  'max_worker_processes',
  'max_wal_senders',
  'max_prepared_transactions',
  'max_locks_per_transaction',
  'max_pred_locks_per_transaction',
  'track_activity_query_size',
  'wal_buffers',
];

/** A lower bound of `shared_memory_size`, in bytes, as the server computes it from its settings. */
function sharedMemoryBytes(values: Values): number {
  // The version matters for none of these settings.
  const effective: Values = { ...startRules.defaultsOf('16'), ...values };
  const count = (name: string): number => Number(effective[name]);
  const bytes = (name: string, unit: '8kB' | 'B'): number => Math.max(0, memoryBytes(effective[name] ?? '', unit) ?? 0);
  const processes = count('max_connections') + count('max_worker_processes') + count('max_wal_senders');
  const transactions = processes + count('max_prepared_transactions');
  const perTransaction =
    count('max_locks_per_transaction') * bytesPer.lock +
    count('max_pred_locks_per_transaction') * bytesPer.predicateLock;
  const perProcess = bytesPer.process + bytes('track_activity_query_size', 'B');
  const buffers = bytes('shared_buffers', '8kB') + bytes('wal_buffers', '8kB');
  return buffers + transactions * perTransaction + processes * perProcess;
}

/** PostgreSQL: "could not map anonymous shared memory: Cannot allocate memory", or its pod is ended for its memory. */
function sharedMemoryIssues({ memoryLimitMb }: ResourceNumbers, values: Values): Issue[] {
  const named = sharedMemorySettings.filter((name) => Object.hasOwn(values, name));
  const bytes = sharedMemoryBytes(values);
  if (named.length === 0 || bytes <= memoryLimitMb * mebibyte) return [];
  const settings = named.map((name) => `${name} ${values[name] ?? ''}`).join(', ');
  const message = `memoryLimitMb ${memoryLimitMb} is less than the shared memory that ${settings} need, at least ${Math.ceil(bytes / mebibyte)} MiB`;
  return [{ path: 'memoryLimitMb', message }];
}

/**
 * Each standby takes one slot and one sender. PostgreSQL: "all replication slots are in use", "number of requested
 * standby connections exceeds \"max_wal_senders\"".
 */
function standbyIssues({ replicas }: ResourceNumbers, values: Values): Issue[] {
  return ['max_replication_slots', 'max_wal_senders'].flatMap((name) => {
    const value = values[name];
    if (value === undefined || Number(value) >= replicas - 1) return [];
    const message = `replicas ${replicas} need ${name} of at least ${replicas - 1}, one per standby; it is ${value}`;
    return [{ path: 'replicas', message }];
  });
}

/** The issues between the size of an instance and its parameters. */
export function sizeClashes(numbers: ResourceNumbers, values: Values): Issue[] {
  const buffers = sharedBuffersIssues(numbers, values);
  return [...(buffers.length > 0 ? buffers : sharedMemoryIssues(numbers, values)), ...standbyIssues(numbers, values)];
}
