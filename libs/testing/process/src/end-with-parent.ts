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

/** When the parent dies before setpriv has requested the signal, the child has a new parent and ends here. */
const startUnlessOrphaned = '[ "$PPID" = "$0" ] && exec "$@"';

/**
 * The command that makes the kernel end the child when its parent dies, even by SIGKILL (Linux, util-linux).
 * setpriv and the shell replace themselves by the command, so the child keeps its number. Elsewhere the command is
 * returned unchanged.
 */
export function endWithParent(command: string, args: readonly string[], signal: NodeJS.Signals) {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
  if (!setpriv) return { command, args: [...args] };
  const checked = ['/bin/sh', '-c', startUnlessOrphaned, String(process.pid), command, ...args];
  return { command: setpriv, args: ['--pdeathsig', signal.slice('SIG'.length), '--', ...checked] };
}
