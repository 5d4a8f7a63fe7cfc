import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DevInfo as DevJson } from '@runos/tool-start';

/** What `npm start` writes to `<data>/dev.json`; the planes of tests have a cluster. */
export type Dev = DevJson & { readonly cid: string; readonly kubeconfig: string };

/** What a file of JSON in a plane's data folder holds. */
export const kept = async <T>(data: string, name: string): Promise<T> =>
  JSON.parse(await readFile(join(data, name), 'utf8')) as T;

export const devOf = (data: string): Promise<Dev> => kept(data, 'dev.json');
