import { basename, dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { CliError } from '../failure/cli-error.js';
import type { Output } from '../output/output.js';
import type { PlannedService } from '../services/sync-service.js';
import type { WritePlan } from '../sync/planned-objects.js';
import type { SyncTarget } from '../sync/sync-target.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';
import { printApplied, printSynced, syncOptions, type SyncOptions } from './sync-options.js';

interface ServiceSyncOptions extends SyncOptions {
  readonly file?: string;
}

/** `services sync` and `services add -f`. */
export function addServiceSync(program: Command, context: CommandContext): void {
  const services = groupIn(program, 'services', 'services of a cluster by type, and their files');
  defineCommand(services, {
    usage: 'sync [file]',
    description: 'make a service as its file: plan, confirm on a terminal, write; without an id in the file, create it',
    examples: ['runos services sync', 'runos services sync runos.service.demo.valkey.slrt4.yaml --dry-run --objects'],
    options: syncOptions(),
    run: (command) => sync(command, command.args[0], context),
  });
  defineCommand(services, {
    usage: 'add',
    description: 'create the service that a file describes, and write its id into the file',
    examples: ['runos services add -f cache.yaml --follow'],
    options: [...syncOptions(), new Option('-f, --file <file>', 'the file').makeOptionMandatory()],
    run: (command) => sync(command, command.opts<ServiceSyncOptions>().file, context, true),
  });
}

async function sync(
  command: Command,
  path: string | undefined,
  context: CommandContext,
  isCreation = false,
): Promise<void> {
  const options = command.opts<ServiceSyncOptions>();
  const output = context.output(outputOptionsOf(command));
  const { onlyManifestIn, readManifestFile } = await import('../files/read-manifests.js');
  const { clusterOf } = await import('../files/file-place.js');
  const { readServerService, servicePathOf } = await import('../services/server-service.js');
  const { planService } = await import('../services/sync-service.js');
  const { lastChangeText } = await import('../sync/last-change.js');
  const { planObjects } = await import('../sync/planned-objects.js');
  const { checkPath } = await import('../files/write-files.js');
  const { folder } = context.terminal;
  const local =
    path === undefined ? onlyManifestIn(folder, 'service') : readManifestFile(resolve(folder, path), 'service');
  const { type, id, name } = local.file;
  const cluster = clusterOf(local, context, options.cid);
  if (isCreation && id !== undefined)
    throw new CliError(`${basename(local.path)} has the id ${id}: the service exists.`, {
      file: local.path,
      field: 'id',
      remedy: 'runos services sync',
    });
  const client = context.client();
  const place = { ...cluster, type, id: id ?? '' };
  const server = id === undefined ? undefined : await readServerService(client, place);
  const planned = planService(local, server);
  if (server === undefined) checkPath(dirname(local.path), basename(local.path));
  const target: SyncTarget = {
    client,
    path: servicePathOf(place).replace(/\/$/, ''),
    name: server?.name ?? `${type} ${typeof name === 'string' ? name : ''}`.trim(),
    diff: 'runos services diff',
    sync: 'runos services sync',
    generation: server?.generation,
  };
  const objects = options.objects === true ? await planObjects(target, planned.writes) : undefined;
  const isChange = server !== undefined && planned.writes.length > 0;
  const lastChange = isChange ? await lastChangeText(target, context.now()) : '';
  await printPlan(planned, lastChange, objects, options, output);
  refuseFixed(planned, options, output);
  if (options.dryRun !== true) await apply(planned, target, options, output, context);
}

async function printPlan(
  planned: PlannedService,
  lastChange: string,
  objects: readonly WritePlan[] | undefined,
  { dryRun = false, showSecrets = false }: SyncOptions,
  output: Output,
): Promise<void> {
  const { servicePlanDocument } = await import('../services/sync-service.js');
  const { planText } = await import('../sync/plan-text.js');
  const { objectsText } = await import('../sync/planned-objects.js');
  const { plainStyle } = await import('../output/style.js');
  const { local, server, changes, writes } = planned;
  const { type, id, cid } = local.file;
  const version = server?.generation === undefined ? '' : `, generation ${server.generation}`;
  const title =
    server === undefined ? `Plan for a new ${type} on ${cid}` : `Plan for ${type} ${server.name} (${id}) on ${cid}`;
  const style = output.isDocument ? output.noteStyle : output.style;
  const text =
    writes.length === 0
      ? `${basename(local.path)} against ${type} ${server?.name ?? ''} (${id}) on ${cid}\nNothing to sync.\n`
      : title +
        version +
        lastChange +
        '\n' +
        planText(changes, style, showSecrets) +
        (objects ? objectsText(objects) : '');
  const document = { ...servicePlanDocument(planned, planText(changes, plainStyle)), ...(objects && { objects }) };
  if (dryRun) await output.print(document, () => text);
  else if (!output.isDocument) output.write(text);
  else if (writes.length > 0) output.note(text.trimEnd());
}

/** What is fixed at creation is a failure where a program reads the output, and where nothing else changes. */
function refuseFixed({ refused, writes, local }: PlannedService, { dryRun }: SyncOptions, output: Output): void {
  if (refused.length === 0) return;
  const text = `${refused.map(({ field }) => field).join(', ')} cannot be changed by a sync.`;
  if (dryRun === true && output.isDocument) throw new CliError('', { exitCode: 1, isNotice: true });
  if (dryRun !== true && !output.isDocument && writes.length > 0) return output.warn(text);
  const remedy = 'set it as it is on the server: runos services diff shows it';
  throw new CliError(`${text} Nothing was changed.`, { file: local.path, field: refused[0]?.field, remedy });
}

async function apply(
  { local, server, writes, removals }: PlannedService,
  target: SyncTarget,
  { yes = false, follow = false }: SyncOptions,
  output: Output,
  context: CommandContext,
): Promise<void> {
  const { storeServiceId } = await import('../services/sync-service.js');
  const { applyWrites, jobIdsOf } = await import('../sync/apply-writes.js');
  const { confirmChanges } = await import('../sync/confirm-changes.js');
  const { followJob } = await import('../jobs/follow-job.js');
  const removed = removals.map(({ field }) => field);
  if (writes.length > 0 && !yes) await confirmChanges(context, removed);
  let { id } = local.file;
  const applied = await applyWrites(target, {
    writes,
    now: context.now,
    onApplied: async (done, _write, { id: created, warnings, rrcFlipHint }) => {
      printApplied(output, done);
      for (const warning of Array.isArray(warnings) ? warnings : []) output.warn(String(warning));
      if (typeof rrcFlipHint === 'string') output.note(rrcFlipHint);
      if (server === undefined && typeof created === 'string') storeServiceId(local, (id = created));
      if (follow && done.jobId !== undefined) await followJob({ jobId: done.jobId, context, output });
    },
  });
  const { type, cid } = local.file;
  if (writes.length === 0 && !output.isDocument) return;
  await printSynced(output, { type, id, cid, file: local.path, applied }, { jobIds: jobIdsOf(applied), follow });
}
