import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Manifest {
  readonly name: string;
  readonly nx?: {
    readonly name?: string;
    readonly tags?: readonly string[];
    readonly targets?: Readonly<Record<string, unknown>>;
    readonly implicitDependencies?: readonly string[];
  };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Project {
  /** Its name in Nx. */
  readonly name: string;
  /** Relative to the root of the workspace. */
  readonly folder: string;
  readonly manifest: Manifest;
}

const skipped = new Set(['node_modules', 'dist', 'src']);

/** Every project of the workspace. */
export const projectsIn = (root: string): Project[] => ['apps', 'libs', 'tools'].flatMap((top) => within(root, top));

export const projectsWith = (root: string, target: string): Project[] =>
  projectsIn(root).filter(({ manifest }) => manifest.nx?.targets?.[target] !== undefined);

export const readJson = <T>(...path: readonly string[]): T => JSON.parse(readFileSync(join(...path), 'utf8')) as T;

function within(root: string, folder: string): Project[] {
  const inner = readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !skipped.has(entry.name))
    .flatMap(({ name }) => within(root, join(folder, name)));
  if (!existsSync(join(root, folder, 'package.json'))) return inner;
  const manifest = readJson<Manifest>(root, folder, 'package.json');
  return [{ name: manifest.nx?.name ?? manifest.name, folder, manifest }, ...inner];
}
