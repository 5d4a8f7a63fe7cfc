import { spawn } from 'node:child_process';
import type { Terminal } from '../terminal/terminal.js';

/** Programs that open an address in the browser of the person, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: 'xdg-open', darwin: 'open' };

/** Whether a browser was started: only for a person at a terminal with a display. `url` must be a web address. */
export async function openBrowser(url: string, { env, stderr }: Terminal): Promise<boolean> {
  const opener = openers[process.platform];
  const hasDisplay = process.platform !== 'linux' || Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY']);
  if (opener === undefined || stderr.isTTY !== true || !hasDisplay) return false;
  return new Promise((resolve) => {
    // Without a shell: the address is one argument, whatever is in it.
    const child = spawn(opener, [url], { env, stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
