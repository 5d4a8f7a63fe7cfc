import { type Command, Option } from 'commander';
import { objectUrl } from '../browser/object-url.js';
import { openBrowser } from '../browser/open-browser.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';

interface Options {
  readonly cid?: string;
  readonly print?: boolean;
}

export const addOpen = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'open [object]',
    description:
      'open the Console, or the page of an app, a service, a job or a cluster; without a browser, print its address',
    options: [
      new Option('--cid <cid>', 'the cluster of the object; by default the chosen one'),
      new Option('--print', 'print the address only'),
    ],
    examples: ['runos open', 'runos open app-k3v9q', 'runos open postgresql-o0i2a --cid demo'],
    run: async (command) => {
      const { cid, print } = command.opts<Options>();
      const output = context.output(outputOptionsOf(command));
      const url = objectUrl(command.args[0], cid, context.settings);
      const opened = print !== true && !output.isDocument && (await openBrowser(url, context.terminal));
      await output.print({ url, opened }, () => `${url}\n`);
    },
  });
