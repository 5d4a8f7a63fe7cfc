import { basename } from 'node:path';
import { requireAccount } from '../configuration/settings.js';
import { CliError } from '../failure/cli-error.js';
import type { CommandContext } from '../terminal/command-context.js';

/** Where what a file describes is. */
export interface FilePlace {
  readonly aid: string;
  readonly cid: string;
  readonly id: string;
}

/** The header of a file. */
interface Header {
  readonly path: string;
  readonly file: { readonly aid: string; readonly cid: string; readonly id?: string | undefined };
}

/** @throws CliError for a file of another account or cluster */
export function clusterOf(
  { file, path }: Header,
  context: CommandContext,
  cid?: string,
): Pick<FilePlace, 'aid' | 'cid'> {
  const account = requireAccount(context.settings);
  const name = basename(path);
  if (file.aid !== account)
    throw new CliError(`${name} is of account ${file.aid}, and you work in ${account}.`, {
      file: path,
      field: 'aid',
      remedy: `runos account switch ${file.aid}`,
    });
  if (cid !== undefined && cid !== file.cid)
    throw new CliError(`${name} is of cluster ${file.cid}, and --cid is ${cid}.`, {
      file: path,
      field: 'cid',
      remedy: 'leave --cid out',
    });
  return { aid: file.aid, cid: file.cid };
}

/** @throws CliError for a file of another account or cluster, or of what is not created yet */
export function placeOf({ file, path }: Header, context: CommandContext, cid?: string): FilePlace {
  const cluster = clusterOf({ file, path }, context, cid);
  if (file.id !== undefined) return { ...cluster, id: file.id };
  throw new CliError(`${basename(path)} has no id: what it describes is not created yet.`, {
    file: path,
    field: 'id',
    remedy: `create it: ${'app' in file ? 'runos apps add -f' : 'runos services add -f'} ${basename(path)}`,
  });
}

/** An id that may stand in a path or a file name. @throws CliError for any other */
export function safeId(text: string, field: string): string {
  if (/^[\w-]{1,64}$/.test(text)) return text;
  throw new CliError(`"${text}" is no id.`, { field });
}
