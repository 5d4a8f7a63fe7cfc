import type { Command } from 'commander';
import { readClusters } from '../clusters/cluster-list.js';
import { CliError, usageError } from '../failure/cli-error.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';

export const addClustersDefault = (program: Command, context: CommandContext): Command =>
  defineCommand(groupIn(program, 'clusters', 'clusters of the account'), {
    usage: 'default [cid]',
    description: 'show or choose the cluster that commands use without --cid',
    examples: ['runos clusters default', 'runos clusters default demo'],
    run: async (command) => {
      const [cid] = command.args;
      const output = context.output(outputOptionsOf(command));
      if (cid !== undefined) {
        if (!/^[\w-]{1,64}$/.test(cid)) throw usageError(`"${cid}" is no id of a cluster.`, { field: 'cid' });
        await verify(context, cid, (line) => output.warn(line));
        context.configFile.update({ clusterId: cid });
        if (context.environment.clusterId !== undefined) output.warn('RUNOS_CLUSTER_ID is set and wins.');
      }
      const { clusterId } = context.settings;
      await output.print({ clusterId: clusterId ?? null }, () => `${clusterId ?? 'No cluster is chosen.'}\n`);
    },
  });

/** Without an answer of the server the choice counts all the same. @throws CliError when the account has no such cluster */
async function verify(context: CommandContext, cid: string, warn: (line: string) => void): Promise<void> {
  const clusters = await readClusters(context).catch((error: unknown) => {
    if (!(error instanceof CliError) || error.details.statusCode !== undefined) throw error;
    warn(`${error.message} So it is not known whether cluster ${cid} exists.`);
    return undefined;
  });
  if (clusters === undefined || clusters.some((cluster) => cluster.cid === cid)) return;
  const names = clusters.map((cluster) => cluster.cid).join(', ');
  throw new CliError(`Cluster ${cid} does not exist in this account.`, {
    field: 'cid',
    remedy: names === '' ? 'add a cluster first' : `choose one of ${names}`,
  });
}
