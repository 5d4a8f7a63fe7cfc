import { describe, expect, it } from '@jest/globals';
import { propertySeed } from '@runos/testing-basics';
import fc from 'fast-check';
import { configIssues, restartSettings } from '@runos/catalog-model';
import { serviceType } from './index.js';

fc.configureGlobal({ seed: propertySeed() });

const schema = serviceType('postgresql').config!;
const issues = (values: Record<string, string>, versions: readonly string[] = ['16', '17', '18']) =>
  configIssues(schema, values, versions);
const messageOf = (values: Record<string, string>) => issues(values)[0]?.message;

describe('the config schema of postgresql', () => {
  it.each<Record<string, string>>([
    { shared_buffers: '256MB' },
    { shared_buffers: '256 MB', work_mem: '4096', maintenance_work_mem: '1GB', temp_file_limit: '-1' },
    { max_connections: '200', jit: 'off', random_page_cost: '1.1', wal_compression: 'zstd' },
    { statement_timeout: '30s', checkpoint_timeout: '15min', autovacuum_vacuum_cost_delay: '2' },
    { timezone: 'Europe/Berlin', default_transaction_isolation: 'repeatable read' },
    {},
  ])('accepts %j', (values) => expect(issues(values)).toEqual([]));

  it.each([
    ['shared_buffers', '256M', /"256M"; it must be an amount like 256MB/],
    ['shared_buffers', 'lots', /an amount/],
    ['shared_buffers', '', /an amount/],
    ['shared_buffers', '8kB', /that is 1 8kB; it must be from 16/],
    ['shared_buffers', '999999TB', /must be from/],
    ['shared_buffers', '1.5', /an amount/],
    ['max_connections', '0', /from 1 to 262143/],
    ['max_connections', '1e3', /a whole number/],
    ['max_connections', '9'.repeat(400), /a whole number/],
    ['random_page_cost', 'NaN', /a number/],
    ['random_page_cost', '-1', /from 0/],
    ['statement_timeout', '5 minutes', /a time like 30s/],
    ['jit', 'maybe', /one of on, off/],
    ['wal_compression', 'gzip', /one of off, on, pglz/],
    ['timezone', "UTC'; DROP", /Europe\/Berlin/],
    ['timezone', 'Mars/Olympus', /must be a name of the time zone database/],
    ['log_timezone', 'PST', /must be a name of the time zone database/],
    ['max_connections', '3', /must be more than superuser_reserved_connections \(3\) plus reserved_connections \(0\)/],
    ['min_wal_size', '2MB', /at least twice the wal_segment_size of 16MB, 32MB/],
    ['vacuum_buffer_usage_limit', '1', /must be 0 or at least 128kB/],
    ['huge_pages', 'on', /one of off, try/],
    ['archive_mode', 'off', /cannot be set: the operator/],
    ['ssl', 'off', /cannot be set: the platform/],
    ['fsync', 'off', /cannot be set: it would risk data/],
    ['Shared_Buffers', '256MB', /is written shared_buffers/],
    ['no_such_thing', '1', /not a setting that can be set here/],
    ['constructor', '1', /not a setting/],
    ['__proto__', '1', /not a setting/],
  ])('rejects %s = %j', (key, value, why) => {
    const values = Object.fromEntries([[key, value]]);
    expect(issues(values)).toEqual([{ path: `values.${key}`, message: expect.stringMatching(why) }]);
  });

  it('reports every invalid key, and contradicting values', () => {
    expect(issues({ jit: 'x', port: '1', work_mem: '64kB', nonsense: '' }).map(({ path }) => path)).toEqual([
      'values.jit',
      'values.port',
      'values.nonsense',
    ]);
    expect(messageOf({ min_wal_size: '2GB' })).toMatch(/min_wal_size 2GB must be below max_wal_size 1GB/);
    expect(issues({ max_connections: '3', min_wal_size: '2MB' }).map(({ path }) => path)).toEqual([
      'values.max_connections',
      'values.min_wal_size',
    ]);
    // All at once: a wrong value hides only the rules that compare it.
    const values = { timezone: 'Mars/Olympus', max_connections: '3', min_wal_size: '2GB', max_wal_size: 'x' };
    expect(issues(values).map(({ path }) => path)).toEqual([
      'values.timezone',
      'values.max_wal_size',
      'values.max_connections',
    ]);
    expect(issues({ max_wal_size: '80MB' })).toMatchObject([{ path: 'values.max_wal_size' }]);
    expect(issues({ min_wal_size: '2GB', max_wal_size: '4GB' })).toEqual([]);
  });

  it('checks the values for the versions that are named: one of them must start', () => {
    expect(issues({ maintenance_work_mem: '64kB' })).toEqual([]);
    expect(issues({ maintenance_work_mem: '64kB' }, ['17'])).toEqual([]);
    expect(issues({ maintenance_work_mem: '64kB' }, ['16'])).toEqual([
      { path: 'values.maintenance_work_mem', message: expect.stringMatching(/at least 1024kB before version 17/) },
    ]);
  });

  it('reports issues for any value and never throws', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^-?[0-9]{1,12}(\.[0-9]{1,3})? ?(kB|MB|GB|TB|ms|s|min)?$/));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(schema.keys)), value, (key, value) => {
        for (const { path, message } of issues({ [key]: value })) {
          expect(path.startsWith('values.')).toBe(true);
          expect(message).toContain(value.slice(0, 64));
        }
      }),
    );
  });
});

describe('a config set beside a size', () => {
  const numbers = { replicas: 1, cpuRequestMc: 0, cpuLimitMc: 1000, memoryRequestMb: 0, memoryLimitMb: 2048 };
  const clashes = serviceType('postgresql').clashes!;

  it('must keep shared_buffers within the memory of the size', () => {
    expect(clashes(numbers, { shared_buffers: '2GB' })).toEqual([]);
    expect(clashes(numbers, {})).toEqual([]);
    expect(clashes(numbers, { shared_buffers: '262145' })).toEqual([
      {
        path: 'memoryLimitMb',
        message: expect.stringMatching(/memoryLimitMb 2048 is less than shared_buffers 262145/),
      },
    ]);
    expect(clashes({ ...numbers, memoryRequestMb: 128 }, { shared_buffers: '256MB' })).toMatchObject([
      { path: 'memoryRequestMb' },
    ]);
  });
});

describe('the settings of postgresql that need a restart', () => {
  const changed = (before: Record<string, string>, after: Record<string, string>, version = '17') =>
    restartSettings(schema, before, after, version);

  it('are those that the server reads when it starts, changed, set or removed', () => {
    expect(changed({ max_connections: '200', work_mem: '4MB' }, { max_connections: '300', work_mem: '8MB' })).toEqual([
      'max_connections',
    ]);
    expect(changed({}, { shared_buffers: '256MB' })).toEqual(['shared_buffers']);
    expect(changed({ shared_buffers: '256MB' }, {})).toEqual(['shared_buffers']);
    expect(changed({}, { huge_pages: 'off' })).toEqual(['huge_pages']);
  });

  it('depend on the version', () => {
    expect(changed({}, { autovacuum_max_workers: '5' })).toEqual(['autovacuum_max_workers']);
    expect(changed({}, { autovacuum_max_workers: '5' }, '18')).toEqual([]);
  });

  it.each([
    [{ shared_buffers: '1GB' }, { shared_buffers: '1024MB' }],
    [{}, { shared_buffers: '16384', max_connections: '100', huge_pages: 'try', track_commit_timestamp: 'false' }],
    [{ track_commit_timestamp: 'on' }, { track_commit_timestamp: '1' }],
    [{}, {}],
  ])('are none from %j to %j', (before: Record<string, string>, after: Record<string, string>) =>
    expect(changed(before, after)).toEqual([]),
  );
});
