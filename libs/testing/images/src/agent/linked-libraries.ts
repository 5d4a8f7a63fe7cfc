import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** glibc before 2.34 opens these by name at run time, to resolve host names. */
const opened = ['libnss_dns.so.2', 'libnss_files.so.2', 'libresolv.so.2'];

/**
 * The absolute paths of the libraries that a program needs on this machine, its loader among them.
 * @throws Error when `ldd` cannot read the program
 */
export async function linkedLibraries(program: string): Promise<string[]> {
  const { stdout } = await run('ldd', [program]);
  const linked = parseLibraries(stdout);
  const libc = linked.find((path) => /\/libc\.so\.\d$/.test(path));
  if (libc === undefined) throw new Error(`ldd names no C library of ${program}: ${stdout.trim()}`);
  return [...linked, ...opened.map((name) => join(dirname(libc), name)).filter(existsSync)];
}

/** Lines such as `libm.so.6 => /lib/libm.so.6 (0x…)`. The loader has a path alone, and a library of the kernel has none. */
export const parseLibraries = (output: string): string[] =>
  output.split('\n').flatMap((line) => {
    const [path = ''] = (line.split('=>').at(-1) ?? '').trim().split(' ');
    return path.startsWith('/') ? [path] : [];
  });
