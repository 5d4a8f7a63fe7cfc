import { type Bench, type Finding, findingsTable } from './bench.js';

/** Every benchmark by its name, loaded when it runs. Without a name all run, in this order. */
const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  change: async () => (await import('./change.js')).benchChange,
  plan: async () => (await import('./plan.js')).benchPlan,
  variable: async () => (await import('./variable.js')).benchVariable,
  render: async () => (await import('./render.js')).benchRender,
  logs: async () => (await import('./logs.js')).benchLogs,
  database: async () => (await import('./database.js')).benchDatabase,
  drift: async () => (await import('./drift.js')).benchDrift,
  thousand: async () => (await import('./thousand.js')).benchThousand,
  resync: async () => (await import('./resync/resync.js')).benchResync,
  flood: async () => (await import('./flood/flood.js')).benchFlood,
  reads: async () => (await import('./reads.js')).benchReads,
  idle: async () => (await import('./idle.js')).benchIdle,
  memory: async () => (await import('./memory.js')).benchMemory,
  start: async () => (await import('./start.js')).benchStart,
  cli: async () => (await import('./cli/cli.js')).benchCli,
  tests: async () => (await import('./tests.js')).benchTests,
};

const [name = '', ...args] = process.argv.slice(2);
const chosen = name === '' ? Object.keys(benches) : [name];
const findings: Finding[] = [];
for (const each of chosen) {
  const load = benches[each];
  if (!load) {
    process.stderr.write(`There is no benchmark "${each}"; there is: ${Object.keys(benches).join(', ')}.\n`);
    process.exit(2);
  }
  process.stdout.write(`── ${each}\n`);
  try {
    findings.push(...(await (await load())(args)));
  } catch (error) {
    // The other benchmarks still run.
    process.stdout.write(`✗ ${each} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
    process.exitCode = 1;
  }
}
process.stdout.write(`\n${findingsTable(findings)}`);
