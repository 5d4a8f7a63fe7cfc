import { dirname, join } from 'node:path';
import { readPrivateFile } from '../configuration/private-file.js';
import { CliError } from '../failure/cli-error.js';

/** What `npm start` writes for scripts. */
export interface LocalPlane {
  readonly apiUrl: string;
  readonly aid: string;
  readonly token: string;
  readonly cid: string | null;
}

/** The plane that runs in the checkout around this folder. @throws CliError when none runs there */
export function findLocalPlane(folder: string): LocalPlane {
  const file = join(folder, '.runos', 'dev.json');
  const text = readPrivateFile(file);
  if (text !== undefined) {
    const plane = planeOf(text);
    if (plane.token && plane.aid && plane.apiUrl) return plane as LocalPlane;
    throw new CliError('The local plane is not ready yet.', {
      file,
      remedy: 'wait until npm start prints its address',
    });
  }
  if (dirname(folder) === folder)
    throw new CliError('No local plane is found here.', { remedy: 'run npm start in a checkout, and this in it too' });
  return findLocalPlane(dirname(folder));
}

/** Empty while `npm start` is writing it. */
function planeOf(text: string): Partial<LocalPlane> {
  try {
    return JSON.parse(text) as LocalPlane;
  } catch {
    return {};
  }
}
