import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConfigKey } from '@runos/catalog-model';
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

const schema = serviceType('postgresql').config!;
const keys = Object.entries(schema.keys);

/** Which of PostgreSQL's own types a kind may stand for. */
const vartypes: Readonly<Record<ConfigKey['kind'], readonly string[]>> = {
  switch: ['bool'],
  choice: ['enum'],
  text: ['string'],
  integer: ['integer'],
  real: ['real'],
  memory: ['integer'],
  time: ['integer', 'real'],
};

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
