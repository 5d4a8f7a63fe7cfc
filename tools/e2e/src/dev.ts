import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dev as DevJson } from '@runos/tool-start';

/** What `npm start` writes to `<data>/dev.json`; the planes of tests have a cluster. */
export type Dev = DevJson & { readonly cid: string; readonly kubeconfig: string };

export const devOf = async (data: string): Promise<Dev> => JSON.parse(await readFile(join(data, 'dev.json'), 'utf8'));
