import type { Settings } from '@runos/testing-postgres';

interface Sample {
  readonly refused: Settings;
  readonly accepted: Settings;
}

/** For each start rule of PostgreSQL, by its source: the last settings that it refuses, and the first that it accepts. */
export const samplesOf: ReadonlyMap<string, Sample> = new Map<string, Sample>([
  [
    '"superuser_reserved_connections" (%d) plus "reserved_connections" (%d) must be less than "max_connections" (%d)',
    {
      refused: { max_connections: '13', reserved_connections: '10' },
      accepted: { max_connections: '14', reserved_connections: '10' },
    },
  ],
  ['"min_wal_size" must be at least twice "wal_segment_size"', wal('min_wal_size')],
  ['"max_wal_size" must be at least twice "wal_segment_size"', wal('max_wal_size')],
  [
    'Parameter min_wal_size cannot be bigger than max_wal_size',
    { refused: { min_wal_size: '1GB' }, accepted: { min_wal_size: '1023MB' } },
  ],
  // Beside 32 workers, 10 senders, and 3 autovacuum workers with 1 or 2 others, or 16 slots and 2 others.
  [
    'invalid value for parameter "%s": %d',
    { refused: { max_connections: '262098' }, accepted: { max_connections: '262097' } },
  ],
  ['too many backends configured', { refused: { max_connections: '262097' }, accepted: { max_connections: '262096' } }],
  [
    'too many server processes configured',
    { refused: { max_connections: '262084' }, accepted: { max_connections: '262083' } },
  ],
  [
    '%d kB is outside the valid range for parameter "maintenance_work_mem" (1024 .. 2147483647)',
    { refused: { maintenance_work_mem: '1023kB' }, accepted: { maintenance_work_mem: '1024kB' } },
  ],
  [
    '"vacuum_buffer_usage_limit" must be 0 or between 128 kB and 16777216 kB',
    { refused: { vacuum_buffer_usage_limit: '127kB' }, accepted: { vacuum_buffer_usage_limit: '128kB' } },
  ],
]);

/** The other size stays out of the way, so that only the rule of `name` is concerned. */
function wal(name: 'min_wal_size' | 'max_wal_size'): Sample {
  const other: Settings = name === 'min_wal_size' ? {} : { min_wal_size: '32MB' };
  const least = name === 'min_wal_size' ? '32MB' : '33MB';
  return { refused: { ...other, [name]: '31MB' }, accepted: { ...other, [name]: least } };
}
