import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configIssues, type ConfigKey } from '@runos/catalog-model';
import { serviceType } from '@runos/service-types';
import { type TemporaryPostgres, temporaryPostgres } from '@runos/testing-postgres';
import pg from 'pg';

interface Setting {
  readonly name: string;
  readonly vartype: string;
  readonly unit: string | null;
  readonly min_val: string | null;
  readonly max_val: string | null;
  readonly enumvals: string[] | null;
  readonly context: string;
  readonly boot_val: string | null;
}

let postgres: TemporaryPostgres;
let client: pg.Client;
let settings: Map<string, Setting>;
beforeAll(async () => {
  postgres = await temporaryPostgres();
  client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query<Setting>('SELECT * FROM pg_settings');
  settings = new Map(rows.map((row) => [row.name.toLowerCase(), row]));
});
afterAll(async () => {
  await client.end();
  await postgres.stop();
});

async function majorVersion(): Promise<string> {
  const { rows } = await client.query<{ version: string }>("SELECT current_setting('server_version_num') AS version");
  return String(Math.floor(Number(rows[0]?.version) / 10_000));
}

const schema = serviceType('postgresql').config!;
const keys = Object.entries(schema.keys);

/** Which of PostgreSQL's own types a kind may stand for. */
const vartypes: Readonly<Record<ConfigKey['kind'], readonly string[]>> = {
  switch: ['bool'],
  choice: ['enum'],
  timeZone: ['string'],
  integer: ['integer'],
  real: ['real'],
  memory: ['integer'],
  time: ['integer', 'real'],
};

/** By the unit of a setting; a number has none. */
const bytesOf: Readonly<Record<string, number>> = { '': 1, B: 1, kB: 1024, '8kB': 8192, MB: 1024 ** 2 };

/** Options that PostgreSQL has only when it was built with these libraries, as the operator's images are. */
const builtIn = ['lz4', 'zstd'];

describe('the parameters of postgresql against a real server', () => {
  it.each(keys)('know %s with its type, unit and range', (name, key) => {
    const setting = settings.get(name);
    expect(setting).toBeDefined();
    expect(vartypes[key.kind]).toContain(setting?.vartype);
    expect(setting?.context).not.toBe('internal');
    expect('unit' in key ? key.unit : null).toBe(setting?.unit);
    if ('min' in key) expect(key.min).toBeGreaterThanOrEqual(Number(setting?.min_val));
    if ('max' in key) expect(key.max).toBeLessThanOrEqual(Number(setting?.max_val));
    const options = key.kind === 'choice' ? key.options.filter((option) => !builtIn.includes(option)) : [];
    expect(setting?.enumvals ?? []).toEqual(expect.arrayContaining(options));
  });

  it('reserve no settable parameter and allow no risky one', () => {
    for (const name of ['fsync', 'full_page_writes', 'archive_command', 'shared_preload_libraries', 'wal_level'])
      expect(schema.reserved).toHaveProperty(name);
    for (const key of keys.map(([name]) => name)) expect(schema.reserved).not.toHaveProperty(key);
  });

  it('are read only at a start where the server reports that, and then have a default', async () => {
    const { readAtStart, defaultsOf } = schema.start!;
    const version = await majorVersion();
    const expected = keys.map(([name]) => name).filter((name) => settings.get(name)?.context === 'postmaster');
    expect([...readAtStart(version)].sort()).toEqual(expected.sort());
    for (const name of expected) expect(defaultsOf(version)).toHaveProperty(name);
  });

  it('have the defaults of the server, where the operator sets no other', async () => {
    const version = await majorVersion();
    const byOperator = ['max_worker_processes', 'max_replication_slots'];
    for (const [name, value] of Object.entries(schema.start!.defaultsOf(version))) {
      if (byOperator.includes(name)) continue;
      const { boot_val: boot, unit } = settings.get(name)!;
      if (value === boot) continue;
      const { rows: sizes } = await client.query<{ bytes: string }>('SELECT pg_size_bytes($1) AS bytes', [value]);
      expect([name, Number(sizes[0]?.bytes) / bytesOf[unit ?? '']!]).toEqual([name, Number(boot)]);
    }
  });

  it('know the time zones that the server knows, and no others', async () => {
    const accepts = (timezone: string): boolean => configIssues(schema, { timezone }, ['18']).length === 0;
    const { rows } = await client.query<{ name: string }>('SELECT name FROM pg_timezone_names');
    const known = rows.map(({ name }) => name).filter((name) => name !== 'Factory');
    expect(known.filter((name) => !accepts(name))).toEqual([]);
    expect(known.length).toBeGreaterThan(500);
    const others = [
      'Mars/Olympus',
      'PST',
      'CEST',
      'JST',
      'ACT',
      'Z',
      'FOO',
      'US/Pacific-New',
      'Etc/Unknown',
      'localtime',
    ];
    for (const name of [...Intl.supportedValuesOf('timeZone'), 'europe/berlin', 'zulu', ...others]) {
      const set = client.query(`SELECT set_config('timezone', $1, false)`, [name]);
      expect([
        name,
        await set.then(
          () => true,
          () => false,
        ),
      ]).toEqual([name, accepts(name)]);
    }
    // PostgreSQL reads them as POSIX rules with any letters; they are not offered.
    for (const name of ['Mars/Olympus5', 'UTC+3', '-7', '+05:30', 'SystemV/PST8', ''])
      expect(accepts(name)).toBe(false);
  });

  /** What our check takes, the server takes: the values are set for a database, which reads without a restart. */
  it.each([
    ['work_mem', '16 MB'],
    ['work_mem', '4096'],
    ['hash_mem_multiplier', '2.5'],
    ['statement_timeout', '1.5h'],
    ['effective_cache_size', '1GB'],
    ['default_transaction_isolation', 'repeatable read'],
    ['jit', 'yes'],
    ['timezone', 'Europe/Berlin'],
    ['vacuum_cost_delay', '2'],
  ])('accept %s = %s', async (name, value) => {
    expect(
      (await client.query<{ set: string }>(`SELECT set_config($1, $2, false) AS set`, [name, value])).rowCount,
    ).toBe(1);
  });
});
