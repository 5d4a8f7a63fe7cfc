import { basename, join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { requireAccount, requireCluster } from '../configuration/settings.js';
import { CliError, usageError } from '../failure/cli-error.js';
import { canPrompt } from '../terminal/terminal.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';

interface InitOptions {
  readonly name?: string;
  readonly image?: string;
  readonly port?: string;
  readonly cid?: string;
}

const fileName = 'runos.yaml';

/** `apps init`. */
export function addAppInit(program: Command, context: CommandContext): void {
  defineCommand(groupIn(program, 'apps', 'apps of a cluster, and their files'), {
    usage: 'init [folder]',
    description: 'write a first runos.yaml with comments into a folder, and create nothing',
    examples: ['runos apps init', 'runos apps init shop --name shop --image ghcr.io/acme/shop:1.4 --port 8080'],
    options: [
      new Option('--name <name>', 'display name; by default the name of the folder'),
      new Option('--image <image>', 'image with its tag or digest'),
      new Option('--port <port>', 'TCP port of the containers; none for an app without one'),
      new Option('--cid <cid>', 'the cluster; by default the chosen one'),
    ],
    run: (command) => init(command, context),
  });
}

async function init(command: Command, context: CommandContext): Promise<void> {
  const options = command.opts<InitOptions>();
  const output = context.output(outputOptionsOf(command));
  const { initialAppFile } = await import('@runos/manifest');
  const { statOf, writeFiles } = await import('../files/write-files.js');
  const { safeId } = await import('../files/file-place.js');
  const { ignoreFile } = await import('../apps/ignore-file.js');
  const folder = resolve(context.terminal.folder, command.args[0] ?? '.');
  const path = join(folder, fileName);
  const aid = requireAccount(context.settings);
  const cid = safeId(options.cid ?? requireCluster(context.settings), 'cid');
  if (statOf(path) !== undefined)
    throw new CliError(`${fileName} is there already; nothing was written.`, { file: path, remedy: 'edit it' });
  const values = {
    app: await valueOf(context, 'name', options.name, basename(folder)),
    image: await valueOf(context, 'image', options.image),
    port: portOf(await valueOf(context, 'port', options.port, 'none')),
    cid,
    aid,
  };
  const text = checked(() => initialAppFile(values));
  writeFiles(folder, [{ path: fileName, content: Buffer.from(text) }, ignoreFile(folder, { cid }, values.app)]);
  const shown = relative(context.terminal.folder, path);
  await output.print({ file: path, app: values.app, cid, aid }, () => `${shown} is written.\n`);
  output.note(`Create the app: runos apps add -f ${shown}`);
}

/** A value that is given, typed on a terminal, or its default. @throws CliError when it is needed and missing */
async function valueOf({ terminal }: CommandContext, name: string, given?: string, preset?: string): Promise<string> {
  if (given !== undefined) return given;
  if (!canPrompt(terminal)) {
    if (preset !== undefined) return preset;
    throw usageError(`${name} is missing.`, { field: name, remedy: `add --${name} ${name.toUpperCase()}` });
  }
  const { prompt } = await import('../terminal/prompt.js');
  const answer = await prompt(terminal, `${name}${preset === undefined ? '' : ` [${preset}]`}: `);
  if (answer !== '') return answer;
  if (preset !== undefined) return preset;
  throw usageError(`${name} is missing.`, { field: name });
}

function portOf(text: string): number | undefined {
  if (text === 'none') return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return Number(text);
  throw usageError(`"${text}" is no TCP port: give 1 to 65535, or none.`, { field: 'port' });
}

const flags: Readonly<Record<string, string>> = { app: 'name' };

/** @throws CliError for a value that no file can hold */
function checked(print: () => string): string {
  try {
    return print();
  } catch (error) {
    const [issue] = ((error as { issues?: unknown }).issues ?? []) as { path: readonly unknown[]; message: string }[];
    if (issue === undefined) throw error;
    const field = String(issue.path[0]);
    throw usageError(`${flags[field] ?? field} ${issue.message}.`, { field: flags[field] ?? field });
  }
}
