import { Command } from 'commander';
import type { Catalog } from '../catalog/catalog.js';
import { addCatalog } from '../catalog/catalog-program.js';
import { commandTree } from '../catalog/command-tree.js';
import { helpColumnsOf } from '../terminal/terminal.js';
import type { CommandContext } from '../terminal/command-context.js';
import { addOutputOptions, helpEnd } from './define-command.js';
import { addAppFiles } from './app-files.js';
import { addAppInit } from './app-init.js';
import { addAppSync } from './app-sync.js';
import { addAccount } from './account.js';
import { addClustersDefault } from './clusters-default.js';
import { addCompletion } from './completion.js';
import { addConfig } from './config-command.js';
import { addFollow } from './follow.js';
import { addLogs } from './logs.js';
import { addManifest } from './manifest.js';
import { addMcp } from './mcp.js';
import { addLogin } from './login.js';
import { addLogout } from './logout.js';
import { addOpen } from './open.js';
import { addServiceFiles } from './service-files.js';
import { addServiceSync } from './service-sync.js';
import { addStatus } from './status.js';
import { addUpgrade } from './upgrade.js';
import { versionText } from './own-version.js';
import { addVersion } from './version.js';
import { addWhoami } from './whoami.js';

const examples = [
  'runos login --api-url https://api.example.com',
  'runos services postgresql add --name orders --follow',
  'runos services list -o wide',
];

const handWritten = [
  addLogin,
  addLogout,
  addWhoami,
  addStatus,
  addAccount,
  addConfig,
  addClustersDefault,
  addCompletion,
  addFollow,
  addLogs,
  addManifest,
  addMcp,
  addOpen,
  addAppFiles,
  addAppInit,
  addAppSync,
  addServiceFiles,
  addServiceSync,
  addUpgrade,
  addVersion,
];

/** The whole tree of commands, with those of the catalog that `argv` may mean. Errors of the library are thrown; only help is printed by it. */
export function buildProgram(context: CommandContext, argv: readonly string[], catalog?: Catalog): Command {
  const { terminal } = context;
  const program = new Command('runos')
    .description('Declare what should run in your Kubernetes clusters, and see how it goes.')
    .usage('<command> [options]')
    .version(versionText().trim(), '--version', 'print the version of this program')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => helpColumnsOf(terminal),
      getErrHelpWidth: () => helpColumnsOf(terminal),
    })
    .addHelpText('after', helpEnd(examples));
  addOutputOptions(program);
  for (const add of handWritten) add(program, context);
  if (catalog !== undefined) addCatalog(program, commandTree(catalog.commands), argv, context);
  return program;
}
