import { resolve } from 'node:path';
import type { Command } from 'commander';
import { outputOptionsOf } from '../commands/define-command.js';
import { requireAccount, requireCluster } from '../configuration/settings.js';
import { CliError, usageError } from '../failure/cli-error.js';
import type { Output } from '../output/output.js';
import type { CommandContext } from '../terminal/command-context.js';
import { buildRequest, type Place } from './build-request.js';
import { type CatalogCommand, fieldsOf, flagsOf } from './catalog.js';
import { inputKey } from './input-key.js';
import { collectInputs, type Inputs } from './command-inputs.js';
import { isLogReader } from './command-options.js';
import { confirmCommand } from './confirm-command.js';
import { losesData } from './destructive.js';
import { readInputFile } from './input-file.js';
import { nextSteps } from './next-steps.js';
import { printAnswer } from './print-answer.js';
import { preparedInputs, presetsOf } from './special-commands.js';

interface OwnOptions {
  readonly cid?: string;
  readonly app?: string;
  readonly file?: string;
  readonly follow?: boolean;
  readonly yes?: boolean;
}

/** Runs a command of the catalog: inputs, confirmation, request, answer and, with --follow, the job. */
export async function runCommand(command: CatalogCommand, target: Command, context: CommandContext): Promise<void> {
  const own = target.opts<OwnOptions>();
  const output = context.output(outputOptionsOf(target));
  if (command.command === 'apps/add' && own.file !== undefined && (await isAppAdded(command, target, context, output)))
    return;
  const inputs = preparedInputs(command, await inputsOf(command, target, context));
  const place = placeOf(inputs, own.cid, context);
  const request = buildRequest(command, inputs, place);
  if (losesData(command, inputs.values) && own.yes !== true)
    await confirmCommand({ command, inputs, place, context, path: request.path });
  if (isLogReader(command) && own.follow === true) {
    const { followLog } = await import('../logs/follow-log.js');
    return followLog({ path: request.path, query: request.query }, context, output);
  }
  const { body } = await context.client().send(request);
  const jobId = (body as { jobId?: unknown } | undefined)?.jobId;
  if (own.follow !== true || typeof jobId !== 'string' || jobId === '')
    return printAnswer({ command, target, body, output, context });
  const { followJob } = await import('../jobs/follow-job.js');
  if (!output.isDocument) await printAnswer({ command, target, body, output, context, isFollowed: true });
  await followJob({ jobId, context, output, document: (job) => ({ ...(body as object), job }) });
  for (const line of nextSteps({ command, target, body, output, context, isFollowed: true })) output.note(line);
}

/** Whether the file is that of an app: then the app is created with all that its files hold. */
async function isAppAdded(
  command: CatalogCommand,
  target: Command,
  context: CommandContext,
  output: Output,
): Promise<boolean> {
  const { file = '', ...own } = target.opts<OwnOptions>();
  const { addApp, appFileAt } = await import('../apps/add-app.js');
  const manifest = appFileAt(resolve(context.terminal.folder, file));
  if (manifest === undefined) return false;
  const given = fieldsOf(command).find(({ name }) => target.getOptionValueSource(inputKey(name)) === 'cli');
  if (given !== undefined)
    throw usageError(`${given.name} is given beside the file of an app.`, {
      field: given.name,
      remedy: 'change the file',
    });
  await addApp(manifest, own, context, output);
  return true;
}

async function inputsOf(command: CatalogCommand, target: Command, context: CommandContext): Promise<Inputs> {
  const { file, app } = target.opts<OwnOptions>();
  const options = new Map<string, readonly string[] | boolean>();
  for (const { name } of [...fieldsOf(command), ...flagsOf(command)]) {
    if (target.getOptionValueSource(inputKey(name)) !== 'cli') continue;
    const value = target.getOptionValue(inputKey(name)) as readonly string[] | boolean;
    options.set(name, isNegatedName(target, name) ? !value : value);
  }
  if (app !== undefined) options.set('id', [app]);
  const given = file === undefined ? undefined : await readInputFile(command, file, context.terminal);
  return collectInputs(command, { options, arguments: target.args, file: given }, presetsOf(command, context.now()));
}

/** An input such as `noCache`, whose option the library takes for the negation of `--cache`. */
const isNegatedName = (target: Command, name: string): boolean => {
  const options = target.options.filter((option) => option.attributeName() === inputKey(name));
  return options.length === 1 && options[0]?.negate === true;
};

function placeOf({ values }: Inputs, cid: string | undefined, context: CommandContext): Place {
  const { settings } = context;
  return {
    aid: () => requireAccount(settings),
    cid: () => clusterId(cid ?? (values.get('cid') as string | undefined) ?? requireCluster(settings)),
  };
}

function clusterId(text: string): string {
  if (/^[\w-]{1,64}$/.test(text)) return text;
  throw new CliError(`"${text}" is no id of a cluster.`, { field: 'cid' });
}
