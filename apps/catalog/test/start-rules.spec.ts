import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { configIssues, type ConfigKey, type ConfigSchema } from '@runos/catalog-model';
import { serviceType } from '@runos/service-types';
import { propertySeed } from '@runos/testing-basics';
import { openStartChecks, type Settings, type StartChecks } from '@runos/testing-postgres';
import fc from 'fast-check';
import { samplesOf } from './start-rule-samples.js';

fc.configureGlobal({ seed: propertySeed() });

const type = serviceType('postgresql');
const schema = type.config!;
const start = schema.start!;
/** The schema without the rules that only the operator has. */
const serverSchema: ConfigSchema = {
  ...schema,
  start: { ...start, rules: start.rules.filter(({ refusedBy }) => refusedBy === 'server') },
};

let server: StartChecks;
beforeAll(async () => {
  server = await openStartChecks();
});
afterAll(() => server.remove());

/**
 * A config set over the defaults of the operator, as a pod gets it. Before version 18 each number of processes is checked
 * when it is read, with the defaults of those that follow: small ones come first.
 */
const inPod = (settings: Settings): Settings =>
  Object.fromEntries(
    Object.entries({ ...start.defaultsOf(server.major), ...settings }).sort(([, a], [, b]) => order(a) - order(b)),
  );
const order = (value: string): number => (/^[0-9]{1,9}$/.test(value) ? Number(value) : 0);
const issues = (settings: Settings) => configIssues(serverSchema, settings, [server.major]);
/** A message without the quotes, which version 16 lacks in some. */
const unquoted = (text: string): string => text.replaceAll('"', '');
const patternOf = (source: string): RegExp =>
  new RegExp(unquoted(source).replaceAll(/[().]/g, '\\$&').replaceAll('%d', '[0-9]+').replaceAll('%s', '[a-z_]+'));

describe('the start rules against a real server', () => {
  it('have a sample each, and concern versions that are offered', () => {
    expect(type.versions).toContain(server.major);
    expect([...samplesOf.keys()].sort()).toEqual(start.rules.map(({ source }) => source).sort());
    for (const { versions } of start.rules)
      expect(type.versions).toEqual(expect.arrayContaining([...(versions ?? [])]));
  });

  it.each(start.rules)('refuse what the server refuses: $source', async ({ source, versions, refusedBy }) => {
    const { refused, accepted } = samplesOf.get(source)!;
    for (const version of versions ?? type.versions) {
      expect(configIssues(schema, refused, [version])).not.toEqual([]);
      expect(configIssues(schema, accepted, [version])).toEqual([]);
    }
    if (!(versions?.includes(server.major) ?? true)) return;
    expect(await server.check(inPod(accepted))).toBeUndefined();
    const refusal = await server.check(inPod(refused));
    if (refusedBy === 'operator') expect(refusal).toBeUndefined();
    else {
      expect(unquoted(refusal ?? '')).toMatch(patternOf(source));
      expect(await server.start(inPod(refused))).toMatch(/exited|ended/);
    }
    // A server of this machine has no memory for the largest.
    if ((await server.sharedMemoryMb(inPod(accepted))) < 1000)
      expect(await server.start(inPod(accepted))).toBeUndefined();
  });

  it.each([
    ['huge_pages', 'on', 'try'],
    ['max_stack_depth', '7681kB', '7680kB'],
  ])('refuse %s = %s, which a server in a pod refuses', async (name, refused, accepted) => {
    expect(configIssues(schema, { [name]: refused }, type.versions)).toMatchObject([{ path: `values.${name}` }]);
    expect(configIssues(schema, { [name]: accepted }, type.versions)).toEqual([]);
    expect(await server.start({ [name]: refused })).toMatch(/FATAL/);
    expect(await server.start({ [name]: accepted })).toBeUndefined();
  });

  it('agree with the server about combinations near their limits', async () => {
    const near = (...values: number[]) => fc.constantFrom(...values.map(String));
    const connections = near(0, 1, 2, 3, 4, 5, 50, 96, 97, 98, 100, 103, 130_000, 262_000, 262_082, 262_098, 262_143);
    const workers = near(0, 1, 3, 8, 32, 33, 100, 130_000, 262_100);
    const combination = fc.record(
      {
        max_connections: connections.filter((value) => value !== '0'),
        superuser_reserved_connections: connections,
        reserved_connections: connections,
        max_worker_processes: workers,
        max_wal_senders: workers,
        autovacuum_max_workers: workers.filter((value) => value !== '0'),
        min_wal_size: fc.constantFrom('2MB', '31MB', '32', '32MB', '33MB', '1GB', '2048kB', '0.03GB'),
        max_wal_size: fc.constantFrom('2MB', '31MB', '32', '32MB', '33MB', '1GB', '2GB'),
        maintenance_work_mem: fc.constantFrom('64', '1023', '1024', '1MB', '65536B', '1GB'),
        vacuum_buffer_usage_limit: fc.constantFrom('0', '1', '127kB', '128kB', '0.1MB', '16GB'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(combination, async (combined) => {
        const settings = combined as Settings;
        const refusal = await server.check(inPod(settings));
        expect({ settings, refusal, refused: issues(settings).length > 0 }).toMatchObject({
          refused: refusal !== undefined,
        });
      }),
      { numRuns: 100 },
    );
  });

  it('accept no values that the server refuses', async () => {
    const any = fc.record(
      Object.fromEntries(Object.entries(schema.keys).map(([name, key]) => [name, validValue(key)])),
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(any, async (valid) => {
        const settings = valid as Settings;
        // The server computes the shared memory in MB as an int32; no size has so much.
        const largest = { ...size, memoryLimitMb: 1_000_000 };
        fc.pre(issues(settings).length === 0 && type.clashes!(largest, settings).length === 0);
        expect({ settings, refusal: await server.check(inPod(settings)) }).toMatchObject({ refusal: undefined });
      }),
      { numRuns: 40 },
    );
  });

  it.each<Settings>([
    { max_connections: '1000' },
    { max_connections: '20000', max_locks_per_transaction: '640' },
    { max_pred_locks_per_transaction: '6400' },
    { max_prepared_transactions: '10000' },
    { wal_buffers: '1GB' },
    { track_activity_query_size: '1MB' },
    { max_locks_per_transaction: '2147483647' },
  ])('compare the shared memory of %j with the memory of the size', async (settings) => {
    const reserved = await server.sharedMemoryMb(inPod(settings));
    const clashes = (memoryLimitMb: number) => type.clashes!({ ...size, memoryLimitMb }, settings);
    expect(clashes(reserved)).toEqual([]);
    expect(clashes(Math.floor(reserved * 0.7))).toMatchObject([{ path: 'memoryLimitMb' }]);
  });
});

const size = { replicas: 1, cpuRequestMc: 0, cpuLimitMc: 1000, memoryRequestMb: 0 };

/** Options that PostgreSQL has only when it was built with these libraries, as the operator's images are. */
const builtIn: readonly string[] = ['lz4', 'zstd'];

/** Any value that the check of a single setting accepts, in each of its forms. */
function validValue(key: ConfigKey): fc.Arbitrary<string> {
  switch (key.kind) {
    case 'switch':
      return fc.constantFrom('on', 'off', 'true', 'false', 'yes', 'no', '1', '0');
    case 'choice':
      return fc.constantFrom(...key.options.filter((option) => !builtIn.includes(option)));
    case 'timeZone':
      return fc.constantFrom('UTC', 'Europe/Berlin', 'asia/kolkata', 'EST', 'Etc/GMT+8');
    case 'real':
      return fc.double({ min: key.min, max: key.max, noNaN: true }).map((value) => value.toFixed(3));
    default: {
      const amount = fc.oneof(
        fc.constantFrom(key.min, key.max),
        fc.integer({ min: key.min, max: key.max }),
        fc.integer({ min: key.min, max: Math.min(key.max, key.min + 5000) }),
      );
      return amount.map(String);
    }
  }
}
