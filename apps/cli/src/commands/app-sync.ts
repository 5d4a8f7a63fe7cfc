import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CliError } from '../failure/cli-error.js';
import type { PlannedSync } from '../apps/sync-document.js';
import type { Output } from '../output/output.js';
import type { SyncTarget } from '../sync/sync-target.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';
import { printApplied, printSynced, syncOptions, type SyncOptions } from './sync-options.js';

interface AppSyncOptions extends SyncOptions {
  readonly prune?: boolean;
  readonly allowEmptySecretEnv?: boolean;
}

/** `apps sync`. */
export function addAppSync(program: Command, context: CommandContext): void {
  defineCommand(groupIn(program, 'apps', 'apps of a cluster, and their files'), {
    usage: 'sync [folder]',
    description:
      'make an app as its files: plan, confirm on a terminal, write; a folder or a file, by default this folder',
    examples: ['runos apps sync', 'runos apps sync shop --dry-run --objects', 'runos apps sync --yes --follow --json'],
    options: [
      ...syncOptions(),
      new Option('--prune', 'remove variables, secret files and overrides that the files do not mention'),
      new Option('--allow-empty-secret-env', 'let an empty file of secret variables remove all of them'),
    ],
    run: (command) => sync(command, context),
  });
}

async function sync(command: Command, context: CommandContext): Promise<void> {
  const options = command.opts<AppSyncOptions>();
  const output = context.output(outputOptionsOf(command));
  const { AppReader, appPath } = await import('../apps/server-app.js');
  const { existingTarget } = await import('../apps/pull-target.js');
  const { placeOf } = await import('../files/file-place.js');
  const { planSync, checkFileWritable } = await import('../apps/sync-app.js');
  const { diffApp } = await import('../apps/diff-app.js');
  const { lastChangeText } = await import('../sync/last-change.js');
  const { planObjects } = await import('../sync/planned-objects.js');
  const { local } = targetOf(existingTarget, context.terminal.folder, command.args[0]);
  const place = placeOf(local, context, options.cid);
  const client = context.client();
  const server = await new AppReader(client).read(place);
  const plan = planSync(local, server, options.prune === true);
  const target: SyncTarget = {
    client,
    path: appPath(place),
    name: server.shown.app.name,
    diff: 'runos apps diff',
    sync: 'runos apps sync',
    generation: server.generation,
  };
  const notes = [
    ...diffApp(local, server).notes,
    ...(plan.kept.length === 0
      ? []
      : [`Only on the server, and kept: ${plan.kept.map(({ field }) => field).join(', ')}. --prune removes them.`]),
    ...(local.file.integration === undefined ? [] : ['integration is not changed by a sync.']),
  ];
  refuseSecretWipe(plan, options, local.path);
  checkFileWritable(local, plan);
  const objects = options.objects === true ? await planObjects(target, plan.writes) : undefined;
  const planned: PlannedSync = { local, server, plan, notes, objects };
  const lastChange = plan.writes.length === 0 ? '' : await lastChangeText(target, context.now());
  await printPlan(planned, lastChange, options, output);
  if (options.dryRun === true) return;
  return apply(planned, target, options, output, context);
}

type Existing = typeof import('../apps/pull-target.js').existingTarget;

/** A folder stands for the only file of an app in it. */
function targetOf(existingTarget: Existing, folder: string, path: string | undefined) {
  if (path === undefined) return existingTarget(folder);
  const full = resolve(folder, path);
  return statSync(full, { throwIfNoEntry: false })?.isDirectory() === true
    ? existingTarget(full)
    : existingTarget(folder, path);
}

/** @throws CliError when an empty file would remove every secret variable: it may be there by mistake */
function refuseSecretWipe({ secretEnv }: PlannedSync['plan'], options: AppSyncOptions, file: string): void {
  if (secretEnv === undefined || Object.keys(secretEnv.final).length > 0) return;
  if (options.allowEmptySecretEnv === true) return;
  throw new CliError(
    `The file of secret variables is empty, so all ${secretEnv.remove.length} would be removed. Nothing was changed.`,
    { file, field: 'secretEnv', remedy: 'fill it, remove it, or repeat with --allow-empty-secret-env' },
  );
}

/** On standard output for a dry run under `--json`; else the text, which under `--json` is conversation. */
async function printPlan(
  planned: PlannedSync,
  lastChange: string,
  options: AppSyncOptions,
  output: Output,
): Promise<void> {
  const { local, server, plan, notes, objects } = planned;
  const { planDocument } = await import('../apps/sync-document.js');
  const { planText } = await import('../sync/plan-text.js');
  const { objectsText } = await import('../sync/planned-objects.js');
  const { id, name } = server.shown.app;
  const showsSecrets = options.showSecrets === true;
  const style = output.isDocument ? output.noteStyle : output.style;
  const version = server.generation === undefined ? '' : `, generation ${server.generation}`;
  const text =
    plan.writes.length === 0
      ? `${basename(local.path)} against app ${name} (${id}) on ${server.shown.cid}\nNothing to sync.\n`
      : `Plan for app ${name} (${id}) on ${server.shown.cid}${version}${lastChange}\n` +
        planText(plan.changes, style, showsSecrets) +
        (objects === undefined ? '' : objectsText(objects));
  if (options.dryRun === true) await output.print(planDocument(planned, showsSecrets), () => text);
  else if (!output.isDocument) output.write(text);
  else if (plan.writes.length > 0) output.note(text.trimEnd());
  for (const note of notes) output.note(note);
}

async function apply(
  { local, server, plan }: PlannedSync,
  target: SyncTarget,
  { yes = false, follow = false }: AppSyncOptions,
  output: Output,
  context: CommandContext,
): Promise<void> {
  const { storeOverrideId } = await import('../apps/sync-app.js');
  const { applyWrites, jobIdsOf } = await import('../sync/apply-writes.js');
  const { confirmChanges } = await import('../sync/confirm-changes.js');
  const { followJob } = await import('../jobs/follow-job.js');
  const { ignoreFile } = await import('../apps/ignore-file.js');
  const { writeFiles } = await import('../files/write-files.js');
  const removed = plan.removals.map(({ field }) => field);
  if (plan.writes.length > 0 && !yes) await confirmChanges(context, removed);
  writeFiles(local.folder, [ignoreFile(local.folder, local.file, server.shown.app.id)]);
  for (const { index, id } of plan.adopted) storeOverrideId(local, index, id);
  const applied = await applyWrites(target, {
    writes: plan.writes,
    now: context.now,
    onApplied: async (done, { createdOverride }, { overrideId, warnings }) => {
      printApplied(output, done);
      if (Array.isArray(warnings)) for (const warning of warnings) output.warn(String(warning));
      if (createdOverride !== undefined && typeof overrideId === 'string')
        storeOverrideId(local, createdOverride, overrideId);
      if (follow && done.jobId !== undefined) await followJob({ jobId: done.jobId, context, output });
    },
  });
  const { id, name } = server.shown.app;
  const document = { appId: id, appName: name, cid: server.shown.cid, applied };
  if (plan.writes.length === 0 && !output.isDocument) return;
  await printSynced(output, document, { jobIds: jobIdsOf(applied), follow });
}
