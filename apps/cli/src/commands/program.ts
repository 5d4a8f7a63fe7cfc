import { Command } from 'commander';
import { columnsOf } from '../terminal/terminal.js';
import type { CommandContext } from '../terminal/command-context.js';
import { addOutputOptions, helpEnd } from './define-command.js';
import { addAccount } from './account.js';
import { addClustersDefault } from './clusters-default.js';
import { addConfig } from './config-command.js';
import { addLogin } from './login.js';
import { addLogout } from './logout.js';
import { addStatus } from './status.js';
import { addVersion } from './version.js';
import { addWhoami } from './whoami.js';

const examples = [
  'runos login --api-url https://api.example.com',
  'runos services postgresql add --name orders --follow',
  'runos services list -o wide',
];

/** The whole tree of commands. Errors of the library are thrown; only help is printed by it. */
export function buildProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('runos')
    .description('Declare what should run in your Kubernetes clusters, and see how it goes.')
    .usage('<command> [options]')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => columnsOf(terminal),
      getErrHelpWidth: () => columnsOf(terminal),
    })
    .addHelpText('after', helpEnd(examples));
  addOutputOptions(program);
  for (const add of [addLogin, addLogout, addWhoami, addStatus, addAccount, addConfig, addClustersDefault, addVersion])
    add(program, context);
  return program;
}
