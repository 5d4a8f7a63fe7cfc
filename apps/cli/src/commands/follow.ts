import type { Command } from 'commander';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';

/** `follow` and, as existing scripts call it, `jobs follow`. */
export function addFollow(program: Command, context: CommandContext): void {
  for (const parent of [program, groupIn(program, 'jobs', 'the progress of changes')])
    defineCommand(parent, {
      usage: 'follow <jobId>',
      description: 'show the steps of a job until it ends; Ctrl-C stops following and leaves the job running',
      examples: ['runos follow 01a20b12-63d6-75dd-9a6e-ad828b063c07'],
      run: async (command) => {
        const [jobId = ''] = command.args;
        const { followJob } = await import('../jobs/follow-job.js');
        const output = context.output(outputOptionsOf(command));
        await followJob({ jobId, context, output, document: (job) => job });
      },
    });
}
