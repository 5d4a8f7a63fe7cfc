import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first executable of that name on PATH. */
export function findOnPath(name: string, path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false; // not there or not executable: the next folder may have it
      }
    });
}

/**
 * The command that makes the kernel end the child when its parent dies, even by SIGKILL (Linux, util-linux).
 * setpriv replaces itself by the command, so the child keeps its number; elsewhere the command is as it was.
 */
export function tiedToParent(command: string, args: readonly string[], signal: NodeJS.Signals) {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
  if (!setpriv) return { command, args: [...args] };
  return { command: setpriv, args: ['--pdeathsig', signal.slice('SIG'.length), '--', command, ...args] };
}
