import { basename, dirname, join, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { requireAccount, requireCluster } from '../configuration/settings.js';
import { CliError, usageError } from '../failure/cli-error.js';
import { changesDocument, changesText } from '../output/changes-text.js';
import type { PullResult } from '../apps/pull-app.js';
import type { Output } from '../output/output.js';
import type { CommandContext } from '../terminal/command-context.js';
import { defineCommand, groupIn, outputOptionsOf } from './define-command.js';
import { diffOptions, type DiffOptions, printDiff } from './diff-result.js';

interface PullOptions {
  readonly all?: boolean;
  readonly cid?: string;
  readonly appId?: string;
  readonly id?: string;
  readonly out?: string;
  readonly force?: boolean;
  readonly keepEnv?: boolean;
}

/** `pull` is `apps pull`. */
export function addAppFiles(program: Command, context: CommandContext): void {
  const apps = groupIn(program, 'apps', 'apps of a cluster, and their files');
  for (const parent of [program, apps]) addPull(parent, context);
  defineCommand(apps, {
    usage: 'diff [file]',
    description: 'compare the files of an app with the server, and change nothing',
    examples: ['runos apps diff', 'runos apps diff shop/runos.yaml --json', 'runos apps diff --exit-code kubectl'],
    options: diffOptions(),
    run: (command) => diff(command, context),
  });
}

function addPull(parent: Command, context: CommandContext): void {
  defineCommand(parent, {
    usage: 'pull [file]',
    description: 'write the files of an app: the one given, the one in this folder, one by its id, or all of a cluster',
    examples: ['runos pull', 'runos pull --app-id k3v9q', 'runos pull --all --out apps'],
    options: [
      new Option('--all', 'each app of the cluster, into a folder of its own'),
      new Option('--app-id <id>', 'an app that has no files here yet'),
      new Option('--id <id>', '').hideHelp(),
      new Option('--cid <cid>', 'the cluster; by default that of the file, or the chosen one'),
      new Option('-o, --out <folder>', 'where to write'),
      new Option('-f, --force', 'overwrite what differs'),
      new Option('--keep-env', 'leave the files of variables as they are'),
    ],
    run: (command) => pull(command, context),
  });
}

async function pull(command: Command, context: CommandContext): Promise<void> {
  const options = command.opts<PullOptions>();
  const id = options.appId ?? options.id;
  const [file] = command.args;
  if (options.all === true && options.force === true) throw usageError('--force cannot be used with --all.');
  if ([options.all === true, id !== undefined, file !== undefined].filter(Boolean).length > 1)
    throw usageError('Give a file, --app-id or --all, only one of them.');
  if (options.out !== undefined && options.all !== true && id === undefined)
    throw usageError('--out needs --app-id or --all.', { field: 'out' });
  const { AppReader } = await import('../apps/server-app.js');
  const { pullApp } = await import('../apps/pull-app.js');
  const { existingTarget, folderTarget, flatTarget } = await import('../apps/pull-target.js');
  const { placeOf, safeId } = await import('../files/file-place.js');
  const output = context.output(outputOptionsOf(command));
  const reader = new AppReader(context.client());
  const { folder } = context.terminal;
  const out = options.out === undefined ? undefined : resolve(folder, options.out);
  if (options.all !== true && id === undefined) {
    const local = existingTarget(folder, file);
    const place = placeOf(local, context, options.cid);
    return report([await pullApp(reader, place, () => local.target, options)], [], output, context, place.cid);
  }
  const cid = safeId(options.cid ?? requireCluster(context.settings), 'cid');
  const aid = requireAccount(context.settings);
  if (id !== undefined) {
    const place = { aid, cid, id: safeId(id, 'app-id') };
    const targetOf = () => (out === undefined ? folderTarget(folder, place, true) : flatTarget(out, place));
    return report([await pullApp(reader, place, targetOf, options)], [], output, context, cid);
  }
  const ids = await reader.ids(aid, cid);
  const skipped: { readonly id: string; readonly reason: string }[] = [];
  const results = await Promise.all(
    ids.map((each) => {
      const place = { aid, cid, id: each };
      return pullApp(reader, place, () => folderTarget(out ?? folder, place, false), options).catch(
        (error: unknown) => {
          if (!(error instanceof CliError)) throw error;
          skipped.push({ id: each, reason: error.message });
          return undefined;
        },
      );
    }),
  );
  return report(
    results.filter((result) => result !== undefined),
    skipped,
    output,
    context,
    cid,
  );
}

async function report(
  results: readonly PullResult[],
  skipped: readonly { readonly id: string; readonly reason: string }[],
  output: Output,
  { terminal }: CommandContext,
  cid: string,
): Promise<void> {
  const refused = results.filter(({ edits }) => edits.length > 0);
  const apps = results.flatMap(({ pulled }) => pulled ?? []);
  const hint = 'runos apps diff shows what differs; --force overwrites it';
  const shownPath = (path: string) => relative(terminal.folder, path) || '.';
  const document = {
    cid,
    apps,
    ...(refused.length > 0 && {
      drifted: refused.map(({ id, name, edits }) => ({ id, name, differences: changesDocument(edits) })),
      hint,
    }),
    ...(skipped.length > 0 && { skipped }),
  };
  await output.print(document, () =>
    results
      .filter(({ pulled }) => pulled !== undefined)
      .map(({ name, id, folder, written }) => {
        const files = written.map((path) => `  ${shownPath(join(folder, path))}\n`).join('');
        return `${name} (${id}) in ${shownPath(folder)}: ${written.length === 0 ? 'unchanged' : 'written'}\n${files}`;
      })
      .join(''),
  );
  if (refused.length === 0 && skipped.length === 0) return;
  if (output.isDocument) throw new CliError('', { exitCode: 1, isNotice: true });
  for (const { name, id, edits } of refused)
    output.warn(
      `${name} (${id}) differs from the server; nothing was written.\n${changesText(edits, output.noteStyle).trimEnd()}`,
    );
  for (const { id, reason } of skipped) output.warn(`${id} was skipped: ${reason}`);
  const failed = [...refused, ...skipped].map(({ id }) => id).join(', ');
  throw new CliError(`Not pulled: ${failed}.`, refused.length > 0 ? { remedy: hint } : {});
}

async function diff(command: Command, context: CommandContext): Promise<void> {
  const options = command.opts<DiffOptions>();
  const output = context.output(outputOptionsOf(command));
  await printDiff(output, options, async () => {
    const { AppReader } = await import('../apps/server-app.js');
    const { existingTarget } = await import('../apps/pull-target.js');
    const { diffApp } = await import('../apps/diff-app.js');
    const { placeOf } = await import('../files/file-place.js');
    const { local, path } = existingTarget(context.terminal.folder, command.args[0]);
    const place = placeOf({ ...local, path }, context, options.cid);
    const server = await new AppReader(context.client()).read(place);
    const { name } = server.shown.app;
    return {
      title: `${basename(path)} against app ${name} (${place.id}) on ${place.cid}`,
      document: { cid: place.cid, appId: place.id, appName: name, file: path, folder: dirname(path) },
      ...diffApp(local, server),
    };
  });
}
