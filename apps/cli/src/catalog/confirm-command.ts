import { CliError, usageError } from '../failure/cli-error.js';
import { styleOf } from '../output/style.js';
import { prompt } from '../terminal/prompt.js';
import { canPrompt } from '../terminal/terminal.js';
import type { CommandContext } from '../terminal/command-context.js';
import type { Place } from './build-request.js';
import { type CatalogCommand, needsCluster, positionalsOf } from './catalog.js';
import type { Inputs } from './command-inputs.js';
import { wordsOf } from './command-tree.js';

export interface Confirmation {
  readonly command: CatalogCommand;
  readonly inputs: Inputs;
  readonly place: Place;
  readonly context: CommandContext;
  /** The path of the request that is confirmed. */
  readonly path: string;
}

const nameDeadlineMs = 3_000;

/**
 * Prints what would go and prompts: for the name of what is deleted, else for yes.
 * @throws CliError when the user does not confirm, or there is no terminal
 */
export async function confirmCommand(confirmation: Confirmation): Promise<void> {
  const { command, context } = confirmation;
  const { terminal } = context;
  const words = wordsOf(command);
  const subject = await subjectText(confirmation);
  const what = `${words.at(-1)} ${words.slice(0, -1).join(' ')} ${subject.text}`.trim();
  if (!canPrompt(terminal))
    throw usageError(`This would ${what}. Nothing was changed.`, { remedy: 'repeat it with --yes' });
  const isNamed = command.method === 'DELETE' && subject.name !== undefined;
  const question = isNamed ? `Type ${subject.name} to confirm: ` : 'Continue? [y/N] ';
  terminal.stderr.write(`${styleOf(terminal, terminal.stderr).yellow('!')} This will ${what}.\n`);
  const answer = await prompt(terminal, question);
  const isConfirmed = isNamed ? answer === subject.name : /^y(es)?$/i.test(answer);
  if (!isConfirmed) throw new CliError('Not confirmed. Nothing was changed.', { code: 'not_confirmed' });
}

/** The name of what the command is about, as the API knows it; its id when the API does not answer in time. */
async function subjectText({ command, inputs, place, context, path }: Confirmation) {
  const ids = positionalsOf(command).flatMap(({ name }) => {
    const value = inputs.values.get(name);
    return value === undefined ? [] : [String(value)];
  });
  const id = ids.at(-1);
  const where = needsCluster(command) && command.endpoint !== '/:aid/clusters/:cid' ? ` on cluster ${place.cid()}` : '';
  const resource =
    id === undefined
      ? undefined
      : path.slice(0, path.lastIndexOf(encodeURIComponent(id)) + encodeURIComponent(id).length);
  const name = resource === undefined ? undefined : await nameAt(resource, context);
  const text = name === undefined || name === id ? ids.join(' ') : `${name} (${ids.join(' ')})`;
  return { name: name ?? id, text: `${text}${where}` };
}

async function nameAt(path: string, context: CommandContext): Promise<string | undefined> {
  try {
    const { body } = await context.client().send({ method: 'GET', path, deadlineMs: nameDeadlineMs });
    const { name } = (body ?? {}) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
