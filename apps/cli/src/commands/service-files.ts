import { basename, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { requireAccount, requireCluster } from '../configuration/settings.js';
import { CliError, usageError } from '../failure/cli-error.js';
import { changesDocument, changesText } from '../output/changes-text.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';
import { diffOptions, type DiffOptions, printDiff } from './diff-result.js';

interface Choice {
  readonly cid?: string;
  readonly type?: string;
  readonly id?: string;
}

interface PullOptions extends Choice {
  readonly out?: string;
  readonly force?: boolean;
}

const choiceOptions = () => [
  new Option('--type <type>', 'the type of the service'),
  new Option('--id <id>', 'the id of the service'),
];

/** `services pull|diff`. */
export function addServiceFiles(program: Command, context: CommandContext): void {
  const services = groupIn(program, 'services', 'services of a cluster by type, and their files');
  defineCommand(services, {
    usage: 'pull [file]',
    description: 'write the file of a service: the one given, the one in this folder, or one by type and id',
    examples: ['runos services pull --type postgresql --id o0i2a', 'runos services pull'],
    options: [
      ...choiceOptions(),
      new Option('--cid <cid>', 'the cluster; by default that of the file, or the chosen one'),
      new Option('-o, --out <folder>', 'where to write'),
      new Option('-f, --force', 'overwrite what differs'),
    ],
    run: (command) => pull(command, context),
  });
  defineCommand(services, {
    usage: 'diff [file]',
    description: 'compare the file of a service with the server, in the fields that it has, and change nothing',
    examples: ['runos services diff', 'runos services diff runos.service.demo.valkey.slrt4.yaml --json'],
    options: [...choiceOptions(), ...diffOptions()],
    run: (command) => diff(command, context),
  });
}

async function pull(command: Command, context: CommandContext): Promise<void> {
  const options = command.opts<PullOptions>();
  const output = context.output(outputOptionsOf(command));
  const { pullService, servicePath } = await import('../services/pull-service.js');
  const { readServerService } = await import('../services/server-service.js');
  const { manifestsIn } = await import('../files/read-manifests.js');
  const { safeId } = await import('../files/file-place.js');
  const { type, id, force = false } = options;
  const folder = resolve(context.terminal.folder, options.out ?? '.');
  const isByName = command.args[0] === undefined && type !== undefined && id !== undefined;
  const chosen = isByName
    ? {
        aid: requireAccount(context.settings),
        cid: safeId(options.cid ?? requireCluster(context.settings), 'cid'),
        type: safeId(type, 'type'),
        id: safeId(id, 'id'),
      }
    : undefined;
  if (chosen === undefined && options.out !== undefined)
    throw usageError('--out needs --type and --id.', { field: 'out' });
  const local =
    chosen === undefined
      ? await localFile(command, options, context)
      : manifestsIn(folder, 'service').files.find(
          ({ file }) => file.cid === chosen.cid && file.type === chosen.type && file.id === chosen.id,
        );
  const place = chosen ?? (await placeOfFile(local, context, options.cid));
  const server = await readServerService(context.client(), place);
  const path = local?.path ?? servicePath(folder, place.cid, place.type, place.id);
  const { inSync, edits } = pullService(server, path, local ?? (await existingAt(path)), force);
  const shown = relative(context.terminal.folder, path);
  const isRefused = edits.length > 0;
  const document = { cid: place.cid, path, type: place.type, id: place.id, inSync };
  if (!isRefused || output.isDocument)
    await output.print(
      isRefused ? { ...document, drifted: true, differences: changesDocument(edits) } : document,
      () => `${server.name} (${place.type}-${place.id}) in ${shown}: ${inSync ? 'unchanged' : 'written'}\n`,
    );
  if (!isRefused) return;
  if (output.isDocument) throw new CliError('', { exitCode: 1, isNotice: true });
  output.warn(
    `${shown} differs from the server; nothing was written.\n${changesText(edits, output.noteStyle).trimEnd()}`,
  );
  throw new CliError(`Not pulled: ${shown}.`, { file: path, remedy: '--force overwrites what differs' });
}

/** A file at the place of a new one: it must be of a service, so that its edits are seen. */
async function existingAt(path: string) {
  const { statOf } = await import('../files/write-files.js');
  const { readManifestFile } = await import('../files/read-manifests.js');
  return statOf(path) === undefined ? undefined : readManifestFile(path, 'service');
}

async function localFile(command: Command, { type, id }: Choice, { terminal }: CommandContext) {
  const { onlyManifestIn, readManifestFile } = await import('../files/read-manifests.js');
  const [path] = command.args;
  if (path !== undefined) return readManifestFile(resolve(terminal.folder, path), 'service');
  return onlyManifestIn(
    terminal.folder,
    'service',
    (file) => (type === undefined || file.type === type) && (id === undefined || file.id === id),
  );
}

type LocalFile = Awaited<ReturnType<typeof localFile>>;

async function placeOfFile(local: LocalFile | undefined, context: CommandContext, cid?: string) {
  if (local === undefined) throw usageError('Give a file, or --type and --id.');
  const { placeOf } = await import('../files/file-place.js');
  return { ...placeOf(local, context, cid), type: local.file.type };
}

async function diff(command: Command, context: CommandContext): Promise<void> {
  const options = command.opts<DiffOptions & Choice>();
  const output = context.output(outputOptionsOf(command));
  await printDiff(output, options, async () => {
    const { readServerService } = await import('../services/server-service.js');
    const { compareService } = await import('@runos/manifest');
    const local = await localFile(command, options, context);
    const name = basename(local.path);
    if (local.file.id === undefined) {
      return {
        title: name,
        document: { status: 'local_missing', path: local.path },
        changes: [],
        notes: [`${name} has no id: the service is not created yet.`],
      };
    }
    const place = await placeOfFile(local, context, options.cid);
    const server = await readServerService(context.client(), place);
    return {
      title: `${name} against ${place.type} ${server.name} (${place.id}) on ${place.cid}`,
      document: { cid: place.cid, type: place.type, id: place.id, path: local.path },
      changes: compareService(local.file, server.file, server.size),
      notes: [],
    };
  });
}
