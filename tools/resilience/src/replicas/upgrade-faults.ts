import { readFile } from 'node:fs/promises';
import { readPlaneInfo, withSql } from '@runos/tool-e2e';
import { controlPlane, DataFolder, services } from '@runos/tool-start';
import { type InjectedFault } from '../kill/faults.js';
import { migrateSchemas } from './migrations.js';
import { rounds } from './replica-faults.js';
import { runUnseenType } from './unseen-type.js';

/** The plane is brought up to date before its agents. */
const agents = ['node-agent-1', 'node-agent-2', 'cluster-agent'];

/**
 * The faults of a plane that starts with the build in `old`, in this order:
 * - this checkout's migrations while the old build serves;
 * - the upgrade of every first replica;
 * - `faults` with both builds;
 * - the upgrade of the other replicas;
 * - a new type with the old agents;
 * - the upgrade of the agents;
 * - `last`.
 */
export function upgradeFaults(
  old: string,
  faults: readonly InjectedFault[],
  last: InjectedFault,
  print: (line: string) => void,
): InjectedFault[] {
  const [first = [], ...others] = rounds;
  const rest = others.flat();
  return [
    migrateAhead(print),
    upgrade(old, first, [...rest, ...agents]),
    ...faults,
    upgrade(old, rest, agents),
    runUnseenType,
    upgrade(old, agents, []),
    last,
  ];
}

/** Migrates every schema before the first process of this version starts. */
const migrateAhead = (print: (line: string) => void): InjectedFault => ({
  name: 'migrated while the old build serves',
  hits: [],
  async inject(data) {
    const before = await migrationsDone(data);
    await migrateSchemas(data);
    const added = (await migrationsDone(data)).filter((name) => !before.includes(name));
    print(`migrations that the old build does not have: ${added.join(', ') || 'none'}`);
  },
});

const migrationsDone = async (data: string): Promise<string[]> =>
  withSql((await readPlaneInfo(data)).databaseUrl, async (client) => {
    const each = services
      .filter(({ database }) => database)
      .map(({ name }) => `SELECT '${name} ' || name AS name FROM ${name.replaceAll('-', '_')}.migrations`);
    const { rows } = await client.query<{ name: string }>(each.join(' UNION ALL '));
    return rows.map(({ name }) => name);
  });

/** Upgrades one process after the other; afterwards exactly those in `left` still run the old build. */
const upgrade = (old: string, names: readonly string[], left: readonly string[]): InjectedFault => ({
  name: `upgraded ${names.length} processes one by one`,
  hits: [],
  async inject(data) {
    for (const name of names) await controlPlane(new DataFolder(data), 'upgrade', name);
    const { pids } = await readPlaneInfo(data);
    const lines = Object.entries(pids).map(async ([name, pid]) => ({
      name,
      line: await readFile(`/proc/${pid}/cmdline`, 'utf8'),
    }));
    const found = (await Promise.all(lines)).filter(({ line }) => line.includes(`\0${old}/apps/`));
    const running = found.map(({ name }) => name).sort();
    if (running.join() !== [...left].sort().join())
      throw new Error(`the old build is run by ${running.join() || 'no process'}`);
  },
});
