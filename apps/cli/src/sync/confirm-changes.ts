import { CliError, usageError } from '../failure/cli-error.js';
import type { CommandContext } from '../terminal/command-context.js';
import { prompt } from '../terminal/prompt.js';
import { canPrompt } from '../terminal/terminal.js';

/**
 * Prompts before changes on a terminal. Without one, changes are made, but nothing is removed.
 * @param removed names of what would be removed
 * @throws CliError when the user does not confirm
 */
export async function confirmChanges({ terminal }: CommandContext, removed: readonly string[]): Promise<void> {
  if (!canPrompt(terminal)) {
    if (removed.length === 0) return;
    throw usageError(`This would remove ${removed.join(', ')}. Nothing was changed.`, {
      code: 'not_confirmed',
      remedy: 'repeat it with --yes',
    });
  }
  if (/^y(es)?$/i.test(await prompt(terminal, 'Apply? [y/N] '))) return;
  throw new CliError('Not confirmed. Nothing was changed.', { code: 'not_confirmed' });
}
