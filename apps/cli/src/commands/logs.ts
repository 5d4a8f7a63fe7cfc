import { type Command, Option } from 'commander';
import { seconds } from '../catalog/special-commands.js';
import { requireAccount, requireCluster } from '../configuration/settings.js';
import { usageError } from '../failure/cli-error.js';
import { logLine } from '../logs/log-line.js';
import type { Document } from '../output/document.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';

interface Options {
  readonly tail: string;
  readonly since?: string;
  readonly pod?: string;
  readonly previous?: boolean;
  readonly follow?: boolean;
  readonly cid?: string;
}

export const addLogs = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'logs <instance>',
    description: 'print the logs of a service or an app by its OSID, such as postgresql-o0i2a or app-k3v9q',
    examples: ['runos logs app-k3v9q --follow', 'runos logs postgresql-o0i2a --since 5m --tail 200'],
    options: [
      new Option('--tail <lines>', 'the newest lines of all pods together').default('100'),
      new Option('--since <time>', 'no lines older than 30s, 5m, 2h or 7d'),
      new Option('--pod <name>', 'only this pod'),
      new Option('--previous', 'of the runs before the last restart'),
      new Option('--follow', 'stay, and print new lines'),
      new Option('--cid <cid>', 'the cluster; by default the chosen one'),
    ],
    run: async (command) => {
      const options = command.opts<Options>();
      const output = context.output(outputOptionsOf(command));
      const request = { path: pathOf(command.args[0] ?? '', options, context), query: queryOf(options) };
      if (options.follow === true) {
        const { followLog } = await import('../logs/follow-log.js');
        return followLog(request, context, output);
      }
      const { body } = await context.client().send({ method: 'GET', ...request });
      const { entries = [] } = (body ?? {}) as { entries?: readonly Document[] };
      await output.print(body, () => entries.map(logLine).join(''));
      if (entries.length === 0) output.note('No lines.');
    },
  });

/** An OSID is type and id. */
function pathOf(osid: string, { cid }: Options, { settings }: CommandContext): string {
  const at = osid.lastIndexOf('-');
  if (at < 1) throw usageError(`"${osid}" is no OSID.`, { remedy: 'give type and id, such as postgresql-o0i2a' });
  const [type, id] = [osid.slice(0, at), osid.slice(at + 1)].map(encodeURIComponent);
  const place = [requireAccount(settings), cid ?? requireCluster(settings)].map(encodeURIComponent).join('/');
  return `/${place}/${type === 'app' ? 'apps' : `services/${type}`}/${id}/logs`;
}

function queryOf({ tail, since, pod, previous }: Options): URLSearchParams {
  if (!/^[1-9]\d{0,4}$/.test(tail))
    throw usageError('--tail must be a number of lines, at least 1.', { field: 'tail' });
  const query = new URLSearchParams({ tail });
  if (since !== undefined) query.set('since', String(seconds(since)));
  if (pod !== undefined) query.set('pod', pod);
  if (previous === true) query.set('previous', 'true');
  return query;
}
