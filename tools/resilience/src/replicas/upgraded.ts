import { readFile } from 'node:fs/promises';
import { readPlaneInfo, withSql } from '@runos/tool-e2e';
import { controlPlane, DataFolder, services } from '@runos/tool-start';
import { type Fault } from '../kill/faults.js';
import { migrateSchemas } from './migrations.js';
import { rounds } from './replica-faults.js';

/** The plane is brought up to date before its agents. */
const agents = ['node-agent-1', 'node-agent-2', 'cluster-agent'];

/**
 * Faults of a plane that began wholly on the build in `old`: this checkout's migrations while that one serves, every
 * first replica upgraded, `faults` with both builds side by side, then the other replicas and the agents, and `last`.
 */
export function upgraded(old: string, faults: readonly Fault[], last: Fault, say: (line: string) => void): Fault[] {
  const [first = [], ...others] = rounds;
  const rest = [...others.flat(), ...agents];
  return [migrateAhead(say), upgrade(old, first, rest), ...faults, upgrade(old, rest, []), last];
}

/** What this version wants of every schema is there before any of its processes is. */
const migrateAhead = (say: (line: string) => void): Fault => ({
  name: 'migrated while the old build serves',
  hits: [],
  async strike(data) {
    const before = await migrationsDone(data);
    await migrateSchemas(data);
    const fresh = (await migrationsDone(data)).filter((name) => !before.includes(name));
    say(`migrations that the old build does not have: ${fresh.join(', ') || 'none'}`);
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

/** One process after the other into this build; afterwards those in `left`, and no others, still run the old one. */
const upgrade = (old: string, names: readonly string[], left: readonly string[]): Fault => ({
  name: `upgraded ${names.length} processes in turn`,
  hits: [],
  async strike(data) {
    for (const name of names) await controlPlane(new DataFolder(data), 'upgrade', name);
    const { pids } = await readPlaneInfo(data);
    const lines = Object.entries(pids).map(async ([name, pid]) => ({
      name,
      line: await readFile(`/proc/${pid}/cmdline`, 'utf8'),
    }));
    const found = (await Promise.all(lines)).filter(({ line }) => line.includes(`\0${old}/apps/`));
    const told = found.map(({ name }) => name).sort();
    if (told.join() !== [...left].sort().join()) throw new Error(`the old build is run by ${told.join() || 'nobody'}`);
  },
});
