import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildFlags, builtName, dataFiles, type ProgramName, programs } from './recipe.js';
import { type GoRun, runGo } from './run-go.js';
import { builtToolbox, hasProgram, type Toolbox, toolboxFolder, toolboxIn, withLock } from './toolbox.js';

export interface BuildOptions {
  /** Receives lines for a terminal, a few per minute. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Builds nats-server alone, which a plane needs first: half a minute once per machine. Returns its path. */
export async function buildNatsServer(options: BuildOptions = {}): Promise<string> {
  const folder = toolboxFolder();
  if (!hasProgram(folder, 'nats-server')) {
    await withLock(folder, 'nats-server', async () => {
      if (hasProgram(folder, 'nats-server')) return; // built by the previous holder of the lock
      await buildPrograms(folder, ['nats-server'], options);
    });
  }
  return toolboxIn(folder).program('nats-server');
}

/** Builds programs, CRDs and stages: minutes once per machine, on every processor but at low priority. */
export async function buildToolbox(options: BuildOptions = {}): Promise<Toolbox> {
  const built = builtToolbox();
  if (built) return built;
  const folder = toolboxFolder();
  options.onProgress?.('Kubernetes: built once per machine, which takes some minutes');
  await withLock(folder, 'all', async () => {
    const names = Object.keys(programs) as ProgramName[];
    const missing = names.filter((name) => !hasProgram(folder, name));
    if (missing.length > 0) await buildPrograms(folder, missing, { ...options, background: true });
    await copyDataFiles(folder, options);
  });
  return toolboxIn(folder);
}

/** Programs of the toolbox, with the flags of all of them. */
function buildPrograms(folder: string, names: readonly ProgramName[], options: BuildOptions & GoRun): Promise<void> {
  const { signal, background, onProgress } = options;
  const title = names.length === 1 ? names.join() : 'Kubernetes';
  const packages = Object.fromEntries(names.map((name) => [name, programs[name]]));
  return compile(folder, { title, programs: packages, flags: buildFlags(), run: { signal, background } }, onProgress);
}

/** Programs of one Go module that one call of Go compiles. */
export interface Compilation {
  /** For progress lines. */
  readonly title: string;
  /** The package of each program, by the name that the program gets. */
  readonly programs: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  readonly run: Omit<GoRun, 'onLine'>;
}

/** Compiles programs into a folder, of which the caller holds the lock. Each appears there when it is complete. */
export async function compile(
  folder: string,
  { title, programs: packages, flags, run }: Compilation,
  onProgress?: (line: string) => void,
): Promise<void> {
  const paths = Object.values(packages);
  const progress = progressLines(title, onProgress);
  const all = await runGo(['list', '-deps', ...paths], { ...run, onLine: progress.line });
  progress.expect(all.trim().split('\n').length);
  const temporary = `${folder}.building-${title.replaceAll(' ', '-')}`; // the lock admits one builder: left by a killed one
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  try {
    await runGo(['build', '-v', ...flags, '-o', `${temporary}/`, ...paths], { ...run, onLine: progress.line });
    for (const [name, path] of Object.entries(packages))
      renameSync(join(temporary, builtName(path)), join(folder, name));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  onProgress?.(`${title}: built`);
}

async function copyDataFiles(folder: string, { signal }: BuildOptions): Promise<void> {
  for (const [name, [module, path]] of Object.entries(dataFiles)) {
    const target = join(folder, name);
    if (existsSync(target)) continue;
    // Some modules contribute data only, so no build has downloaded them yet.
    const fetched = await runGo(['mod', 'download', '-json', module], { signal });
    const { Dir: source } = JSON.parse(fetched) as { readonly Dir: string };
    mkdirSync(dirname(target), { recursive: true });
    const temporary = `${target}.${process.pid}.new`;
    rmSync(temporary, { recursive: true, force: true });
    cpSync(join(source, path), temporary, { recursive: true });
    renameSync(temporary, target);
  }
}

/** The minimum time between two lines, so that they do not flood a terminal. */
const minIntervalMs = 5_000;

/** Summarizes the output of Go (downloads, and packages as they are compiled) in a few lines with counts. */
export function progressLines(what: string, print?: (line: string) => void, now = () => performance.now()) {
  let downloads = 0;
  let compiled = 0;
  let expected = 0;
  let last = -Infinity;
  return {
    /** The number of all packages; Go prints nothing for those that an earlier run compiled. */
    expect: (packages: number): void => {
      expected = packages;
    },
    line: (line: string): void => {
      if (line.startsWith('go: downloading')) downloads += 1;
      else if (!line.startsWith('go: ')) compiled += 1;
      if (!print || now() - last < minIntervalMs) return;
      last = now();
      print(
        expected
          ? `${what}: compiling, ${compiled} of ${expected} packages`
          : `${what}: modules downloaded: ${downloads}`,
      );
    },
  };
}
