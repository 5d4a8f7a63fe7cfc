import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion/completion-script.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand } from './define-command.js';

export const addCompletion = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'completion',
    description: 'print a script that lets a shell complete commands, options and ids',
    arguments: [new Argument('<shell>', 'the shell').choices(shells)],
    examples: [
      'eval "$(runos completion bash)"    # in ~/.bashrc',
      'eval "$(runos completion zsh)"     # in ~/.zshrc, after compinit',
      'runos completion fish | source     # in ~/.config/fish/config.fish',
    ],
    run: (command) => {
      context.terminal.stdout.write(completionScript(command.args[0] as Shell));
      return Promise.resolve();
    },
  });
