import type { StartRule, StartRules } from '@runos/catalog-model';

/** MB. `initdb` of the operator makes clusters with segments of 16 MB. */
const walSegmentMb = 16;

/** PostgreSQL's MAX_BACKENDS: server processes are numbered by 18 bits. */
const maxBackends = 262_143;

/** What a server uses where neither the operator nor a config set sets a value, as far as a rule or a restart needs it. */
const serverDefaults = {
  max_connections: '100',
  superuser_reserved_connections: '3',
  reserved_connections: '0',
  autovacuum_max_workers: '3',
  max_wal_senders: '10',
  max_prepared_transactions: '0',
  max_locks_per_transaction: '64',
  max_pred_locks_per_transaction: '64',
  shared_buffers: '128MB',
  track_activity_query_size: '1kB',
  wal_buffers: '-1',
  min_wal_size: '80MB',
  max_wal_size: '1GB',
  maintenance_work_mem: '64MB',
  huge_pages: 'try',
  max_files_per_process: '1000',
  track_commit_timestamp: 'off',
  max_logical_replication_workers: '4',
  autovacuum_freeze_max_age: '200000000',
  autovacuum_multixact_freeze_max_age: '400000000',
};

/** CloudNativePG's own defaults. */
const operatorDefaults = { max_worker_processes: '32', max_replication_slots: '32' };

const bufferUsageLimits: Readonly<Record<string, string>> = { '16': '256kB' };

const defaultsOf = (version: string): Readonly<Record<string, string>> => ({
  ...serverDefaults,
  ...operatorDefaults,
  vacuum_buffer_usage_limit: bufferUsageLimits[version] ?? '2MB',
});

/** Those of the `context` `postmaster` in `pg_settings`. */
const readAtStart = [
  'shared_buffers',
  'huge_pages',
  'max_connections',
  'reserved_connections',
  'superuser_reserved_connections',
  'max_prepared_transactions',
  'max_locks_per_transaction',
  'max_pred_locks_per_transaction',
  'max_files_per_process',
  'wal_buffers',
  'max_wal_senders',
  'max_replication_slots',
  'track_commit_timestamp',
  'max_worker_processes',
  'max_logical_replication_workers',
  'autovacuum_freeze_max_age',
  'autovacuum_multixact_freeze_max_age',
  'track_activity_query_size',
];

/** From version 18 on, the number of autovacuum workers is changed without a restart. */
const readAtStartBy = (version: string): readonly string[] =>
  ['16', '17'].includes(version) ? [...readAtStart, 'autovacuum_max_workers'] : readAtStart;

const twoSegments = (name: 'min_wal_size' | 'max_wal_size'): StartRule => ({
  settings: [name],
  refusedBy: 'server',
  source: `"${name}" must be at least twice "wal_segment_size"`,
  problem: ({ amount, text }) =>
    amount(name) >= 2 * walSegmentMb
      ? undefined
      : `${name} is ${text(name)}; it must be at least twice the wal_segment_size of ${walSegmentMb}MB, ${2 * walSegmentMb}MB`,
});

const processSettings = ['max_connections', 'autovacuum_max_workers', 'max_worker_processes', 'max_wal_senders'];

/**
 * The server processes of all kinds have a common limit. `added` is the number of those that are always there.
 */
const processLimit = (
  rule: Pick<StartRule, 'versions' | 'settings' | 'source'> & { readonly added: number },
): StartRule => ({
  ...rule,
  refusedBy: 'server',
  problem: ({ amount, text }) => {
    const sum = rule.settings.reduce((total, name) => total + amount(name), rule.added);
    if (sum <= maxBackends) return undefined;
    const terms = rule.settings.map((name) => `${name} (${text(name)})`).join(' plus ');
    return `${terms} must be at most ${maxBackends - rule.added} together`;
  },
});

const rules: readonly StartRule[] = [
  {
    settings: ['max_connections', 'superuser_reserved_connections', 'reserved_connections'],
    refusedBy: 'server',
    source:
      '"superuser_reserved_connections" (%d) plus "reserved_connections" (%d) must be less than "max_connections" (%d)',
    problem: ({ amount, text }) =>
      amount('superuser_reserved_connections') + amount('reserved_connections') < amount('max_connections')
        ? undefined
        : `max_connections is ${text('max_connections')}; it must be more than superuser_reserved_connections (${text('superuser_reserved_connections')}) plus reserved_connections (${text('reserved_connections')})`,
  },
  twoSegments('min_wal_size'),
  twoSegments('max_wal_size'),
  {
    settings: ['min_wal_size', 'max_wal_size'],
    refusedBy: 'operator',
    source: 'Parameter min_wal_size cannot be bigger than max_wal_size',
    problem: ({ amount, text }) =>
      amount('min_wal_size') < amount('max_wal_size')
        ? undefined
        : `min_wal_size ${text('min_wal_size')} must be below max_wal_size ${text('max_wal_size')}`,
  },
  processLimit({
    // The launcher of autovacuum.
    versions: ['16'],
    settings: processSettings,
    source: 'invalid value for parameter "%s": %d',
    added: 1,
  }),
  processLimit({
    // The launcher, and the worker that synchronizes slots.
    versions: ['17'],
    settings: processSettings,
    source: 'too many backends configured',
    added: 2,
  }),
  processLimit({
    // From version 18 on, autovacuum_worker_slots (16) limit the autovacuum workers.
    versions: ['18'],
    settings: processSettings.filter((name) => name !== 'autovacuum_max_workers'),
    source: 'too many server processes configured',
    added: 18,
  }),
  {
    settings: ['maintenance_work_mem'],
    versions: ['16'],
    refusedBy: 'server',
    source: '%d kB is outside the valid range for parameter "maintenance_work_mem" (1024 .. 2147483647)',
    problem: ({ amount, text }) =>
      amount('maintenance_work_mem') >= 1024
        ? undefined
        : `maintenance_work_mem is ${text('maintenance_work_mem')}; it must be at least 1024kB before version 17`,
  },
  {
    settings: ['vacuum_buffer_usage_limit'],
    refusedBy: 'server',
    source: '"vacuum_buffer_usage_limit" must be 0 or between 128 kB and 16777216 kB',
    problem: ({ amount, text }) =>
      amount('vacuum_buffer_usage_limit') === 0 || amount('vacuum_buffer_usage_limit') >= 128
        ? undefined
        : `vacuum_buffer_usage_limit is ${text('vacuum_buffer_usage_limit')}; it must be 0 or at least 128kB`,
  },
];

/**
 * What PostgreSQL 16 to 18 and CloudNativePG check of the parameters that a config set may contain. Their further checks
 * concern `wal_level`, `archive_mode` and others that the operator sets. A memory limit and replicas: `clashes.ts`.
 */
export const startRules: StartRules = { rules, defaultsOf, readAtStart: readAtStartBy };
