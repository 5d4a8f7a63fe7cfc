import type { Command } from 'commander';
import type { Output } from '../output/output.js';
import type { CommandContext } from '../terminal/command-context.js';
import type { CatalogCommand } from './catalog.js';

/** The answer of a command, and what is needed to print it. */
export interface PrintedAnswer {
  readonly command: CatalogCommand;
  readonly target: Command;
  readonly body: unknown;
  readonly output: Output;
  readonly context: CommandContext;
  /** The job is followed, so that no command for it is offered. */
  readonly isFollowed?: boolean;
}
