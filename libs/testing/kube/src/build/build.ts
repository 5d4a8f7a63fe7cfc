import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { progressLines } from './progress-lines.js';
import { buildFlags, builtName, dataFiles, type ProgramName, programs } from './recipe.js';
import { type GoRun, runGo } from './run-go.js';
import { builtToolbox, hasProgram, type Toolbox, toolboxFolder, toolboxIn } from './toolbox.js';
import { withLock } from './with-lock.js';

export interface BuildOptions {
  /** Lines for a person's terminal, a few per minute. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** nats-server alone: what a plane needs first. Half a minute the first time, nothing afterwards. Answers its path. */
export async function buildNatsServer(options: BuildOptions = {}): Promise<string> {
  const folder = toolboxFolder();
  if (!hasProgram(folder, 'nats-server')) {
    await withLock(folder, 'nats-server', async () => {
      if (hasProgram(folder, 'nats-server')) return; // built by whoever had the lock
      await buildPrograms(folder, ['nats-server'], options);
    });
  }
  return toolboxIn(folder).program('nats-server');
}

/** Everything: programs, CRDs and stages. Minutes the first time, on every processor but at low priority. */
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

async function buildPrograms(
  folder: string,
  names: readonly ProgramName[],
  options: BuildOptions & GoRun,
): Promise<void> {
  const { signal, background, onProgress } = options;
  const packages = names.map((name) => programs[name]);
  const what = names.length === 1 ? names[0] : 'Kubernetes';
  const progress = progressLines(what, onProgress);
  const all = await runGo(['list', '-deps', ...packages], { signal, background, onLine: progress.line });
  progress.expect(all.trim().split('\n').length);
  const fresh = `${folder}.building-${what}`; // one builder at a time, so a killed one's folder is ours to clear
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  try {
    await runGo(['build', '-v', ...buildFlags(), '-o', `${fresh}/`, ...packages], {
      signal,
      background,
      onLine: progress.line,
    });
    for (const name of names) renameSync(join(fresh, builtName(programs[name])), join(folder, name));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  onProgress?.(`${what}: built`);
}

async function copyDataFiles(folder: string, { signal }: BuildOptions): Promise<void> {
  for (const [name, [module, path]] of Object.entries(dataFiles)) {
    const target = join(folder, name);
    if (existsSync(target)) continue;
    // Only data is taken from some of them, so no build has fetched them yet.
    const fetched = await runGo(['mod', 'download', '-json', module], { signal });
    const { Dir: source } = JSON.parse(fetched) as { readonly Dir: string };
    mkdirSync(dirname(target), { recursive: true });
    const fresh = `${target}.${process.pid}.new`;
    rmSync(fresh, { recursive: true, force: true });
    cpSync(join(source, path), fresh, { recursive: true });
    renameSync(fresh, target);
  }
}
