import type { Command } from 'commander';
import { type ClusterRow, readClusters } from '../clusters/cluster-list.js';
import { type Settings } from '../configuration/settings.js';
import { cliErrorOf } from '../failure/error-text.js';
import { objectText } from '../output/object-text.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, outputOptionsOf } from './define-command.js';

export const addStatus = (program: Command, context: CommandContext): Command =>
  defineCommand(program, {
    usage: 'status',
    description: 'show the log-in, the account, the cluster and whether the API answers',
    examples: ['runos status', 'runos status --json'],
    run: async (command) => {
      const output = context.output(outputOptionsOf(command));
      const { settings } = context;
      const local = await localStatus(settings, context);
      const server = settings.apiKey === undefined ? {} : await serverStatus(settings, context);
      const status = { schemaVersion: 1, ...local, ...server };
      await output.print(status, () => {
        const { schemaVersion: _version, ...shown } = status;
        return objectText(shown, Object.keys(shown), output.style, context.now());
      });
      if (!status.authenticated) output.note('Next: runos login');
      else if (status.defaultClusterId === null) output.note('Next: runos clusters default CID');
    },
  });

const authMethods = { RUNOS_API_KEY: 'pat-env', stored: 'pat-stored' } as const;

async function localStatus(settings: Settings, { configFile }: CommandContext) {
  return Promise.resolve({
    authenticated: settings.apiKey !== undefined,
    authMethod: settings.keySource === undefined ? null : authMethods[settings.keySource],
    accountId: settings.accountId ?? null,
    apiUrl: settings.apiUrl ?? null,
    consoleUrl: settings.consoleUrl ?? null,
    defaultClusterId: settings.clusterId ?? null,
    signedInAt: configFile.read().signedInAt ?? null,
  });
}

/** What the API adds; why it does not answer, if so. */
async function serverStatus({ accountId = '', clusterId }: Settings, context: CommandContext) {
  const profilePath = `/${encodeURIComponent(accountId)}/account/profile`;
  const [clusters, profile] = await Promise.all([
    readClusters(context).catch((error: unknown) => cliErrorOf(error)),
    context
      .client()
      .send({ method: 'GET', path: profilePath, deadlineMs: 10_000 })
      .then(({ body }) => (body ?? {}) as { companyName?: string; website?: string })
      .catch(() => ({})),
  ]);
  if (clusters instanceof Error) return { apiAnswers: false, reason: clusters.message };
  const cluster = clusters.find(({ cid }: ClusterRow) => cid === clusterId);
  return {
    apiAnswers: true,
    ...profile,
    ...(clusterId !== undefined && {
      defaultClusterName: cluster?.name ?? null,
      defaultClusterMissing: cluster === undefined,
    }),
  };
}
