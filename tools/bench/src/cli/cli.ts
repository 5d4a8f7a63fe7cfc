import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Finding, numbersOf } from '../bench.js';
import { quantile, type Row, table } from '../quantiles.js';
import { AppServer } from './app-server.js';
import { type MeasuredRun, runCli, runEmpty } from './measured-run.js';

const limits = { versionMs: 120, helpMs: 150, diffMs: 300, pullMs: 5_000, requests: 8, memoryMib: 120 };
const [aid, cid] = ['acme1', 'lab01'];
const large = { variables: 100, secretFiles: 20, overrides: 20 };
const small = { variables: 10, secretFiles: 1, overrides: 1 };
const appCount = 100;
const commandCount = 700;

/** The program `runos`: its start, help of a large catalog, `apps diff` of a large app, and `pull --all` of many apps. */
export async function benchCli(args: readonly string[]): Promise<readonly Finding[]> {
  const { count } = numbersOf(args, { count: 15 });
  const folder = mkdtempSync(join(tmpdir(), 'runos-bench-cli-'));
  try {
    return [...(await benchStartOf(folder, count)), await benchDiff(folder, count), await benchPull(folder)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const environment = (home: string, url = 'http://127.0.0.1:9') => ({
  HOME: home,
  RUNOS_API_URL: url,
  RUNOS_API_KEY: 'key1',
  RUNOS_ACCOUNT_ID: aid,
  RUNOS_CLUSTER_ID: cid,
});

async function benchStartOf(home: string, count: number): Promise<readonly Finding[]> {
  storeCatalog(home);
  const options = { cwd: home, env: environment(home) };
  const help = ['group1', 'verb1', '--help'];
  checked(await runCli(help, options)); // Node stores the compiled code
  const empty: number[] = [];
  const version: number[] = [];
  const helps: number[] = [];
  // In turn, so that all have the same load of the machine.
  for (let round = 0; round < count; round += 1) {
    empty.push(checked(await runEmpty(options)).ms);
    version.push(checked(await runCli(['version'], options)).ms);
    helps.push(checked(await runCli(help, options)).ms);
  }
  print([
    { what: 'runos version', figures: version, baseline: empty },
    { what: `help of one of ${commandCount} commands`, figures: helps, baseline: empty },
    { what: '  node -e 0', figures: empty },
  ]);
  return [
    finding('runos version', version, empty, limits.versionMs, 2),
    finding(`runos help, ${commandCount} commands`, helps, empty, limits.helpMs),
  ];
}

async function benchDiff(folder: string, count: number): Promise<Finding> {
  const server = await AppServer.start(['k3v9q'], large);
  try {
    const options = { cwd: folder, env: environment(folder, server.url) };
    checked(await runCli(['pull', '--app-id', 'k3v9q'], options));
    const diff = ['apps', 'diff', join(`runos.${cid}.k3v9q`, 'runos.yaml')];
    checked(await runCli(diff, options)); // Node stores the compiled code
    const empty: number[] = [];
    const diffs: number[] = [];
    for (let round = 0; round < count; round += 1) {
      empty.push(checked(await runEmpty(options)).ms);
      diffs.push(checked(await runCli(diff, options)).ms);
    }
    const { variables, secretFiles, overrides } = large;
    const what = `apps diff: ${variables} variables, ${secretFiles} secret files, ${overrides} overrides`;
    print([
      { what, figures: diffs, baseline: empty },
      { what: '  node -e 0', figures: empty },
    ]);
    return finding(what, diffs, empty, limits.diffMs);
  } finally {
    await server.stop();
  }
}

async function benchPull(folder: string): Promise<Finding> {
  const ids = Array.from({ length: appCount }, (_, index) => `a${String(index).padStart(4, '0')}`);
  const server = await AppServer.start(ids, small);
  try {
    const out = join(folder, 'apps');
    const options = { cwd: folder, env: environment(folder, server.url), measuresMemory: true };
    const { ms, memoryMib = Number.NaN } = checked(await runCli(['pull', '--all', '--out', out], options));
    const { ms: emptyMs, memoryMib: emptyMib = Number.NaN } = await runEmpty(options);
    return {
      what: `pull --all of ${appCount} apps`,
      goal: `≤ ${limits.pullMs / 1_000} s, ${limits.requests} requests at once, ${limits.memoryMib} MiB`,
      figure: `${(ms / 1_000).toFixed(2)} s, ${server.mostOpen} requests, ${memoryMib.toFixed(0)} MiB`,
      reference: `node -e 0: ${emptyMs.toFixed(0)} ms, ${emptyMib.toFixed(0)} MiB`,
      met: ms <= limits.pullMs && server.mostOpen <= limits.requests && memoryMib <= limits.memoryMib,
    };
  } finally {
    await server.stop();
  }
}

/** @throws Error when it failed */
function checked(run: MeasuredRun): MeasuredRun {
  if (run.exitCode !== 0) throw new Error(`runos ended with ${run.exitCode}:\n${run.output}`);
  return run;
}

const print = (rows: readonly Row[]) => void process.stdout.write(`\n${table(rows)}\n`);

function finding(
  what: string,
  figures: readonly number[],
  empty: readonly number[],
  limitMs: number,
  times?: number,
): Finding {
  const [p50, reference] = [quantile(figures, 0.5), quantile(empty, 0.5)];
  const ratio = p50 / reference;
  return {
    what,
    goal: `≤ ${limitMs} ms${times === undefined ? '' : `, ≤ ${times} ×`}`,
    figure: `p50 ${p50.toFixed(0)} ms, ${ratio.toFixed(2)} ×`,
    reference: `node -e 0: p50 ${reference.toFixed(0)} ms`,
    met: p50 <= limitMs && (times === undefined || ratio <= times),
  };
}

/** A catalog as the server of a large offer has it. */
function storeCatalog(home: string): void {
  const fields = Array.from({ length: 12 }, (_, index) => ({ name: `fieldNumber${index}`, type: 'string' }));
  const commands = Array.from({ length: commandCount }, (_, index) => ({
    command: `group${index % 70}/verb${index}`,
    description: 'Do it.',
    endpoint: '/:aid/x',
    method: 'POST',
    input: { fields },
  }));
  mkdirSync(join(home, '.runos'), { mode: 0o700 });
  writeFileSync(join(home, '.runos/manifest.json'), JSON.stringify({ version: '1', commands }), { mode: 0o600 });
  writeFileSync(join(home, '.runos/manifest.account'), aid, { mode: 0o600 });
}
