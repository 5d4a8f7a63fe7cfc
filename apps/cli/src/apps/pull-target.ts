import { basename, dirname, join, resolve } from 'node:path';
import { CliError } from '../failure/cli-error.js';
import type { FilePlace } from '../files/file-place.js';
import { type ManifestFile, manifestsIn, namesIn, onlyManifestIn, readManifestFile } from '../files/read-manifests.js';
import { statOf } from '../files/write-files.js';
import { type LocalApp, readLocalApp } from './local-app.js';
import { fileNameIn, type PullTarget } from './pull-plan.js';

/** The files of an app that are there already. */
export interface ExistingApp extends ManifestFile<'app'> {
  readonly local: LocalApp;
  readonly target: PullTarget;
}

/** The files that a path names, else those of the only app in the folder. @throws CliError when there is none */
export function existingTarget(folder: string, path?: string): ExistingApp {
  const found =
    path === undefined
      ? onlyManifestIn(folder, 'app', isMeantIn(folder))
      : readManifestFile(resolve(folder, path), 'app');
  return existing(found);
}

/** A file without an id stands for an app only where no other has one. */
function isMeantIn(folder: string): (file: ManifestFile<'app'>['file']) => boolean {
  const hasIds = manifestsIn(folder, 'app').files.some(({ file }) => file.id !== undefined);
  return ({ id }) => !hasIds || id !== undefined;
}

function existing(found: ManifestFile<'app'>): ExistingApp {
  const local = readLocalApp(found);
  return { ...found, local, target: { folder: dirname(found.path), fileName: basename(found.path), local } };
}

/** The folder of an app in a folder; with `inPlace`, that itself when it holds the app. */
export function folderTarget(parent: string, { cid, id }: FilePlace, inPlace: boolean): PullTarget {
  const here = inPlace ? fileIn(parent, cid, id) : undefined;
  return here ?? targetIn(join(parent, `runos.${cid}.${id}`), { cid, id });
}

/** A folder that may hold other apps too. */
export function flatTarget(folder: string, { cid, id }: FilePlace): PullTarget {
  return fileIn(folder, cid, id) ?? { folder, fileName: `runos.${cid}.${id}.yaml` };
}

/** @throws CliError for a folder that is a symbolic link: it may lead anywhere */
function targetIn(folder: string, { cid, id }: Pick<FilePlace, 'cid' | 'id'>): PullTarget {
  if (statOf(folder)?.isSymbolicLink() === true)
    throw new CliError(`Cannot write into ${folder}: it is a symbolic link.`, { file: folder, remedy: 'remove it' });
  return fileIn(folder, cid, id) ?? { folder, fileName: fileNameIn(namesIn(folder, 'app'), cid, id) };
}

/** @throws CliError for a file with the name of this app that cannot be read */
function fileIn(folder: string, cid: string, id: string): PullTarget | undefined {
  if (statOf(folder) === undefined) return undefined;
  const { files, errors } = manifestsIn(folder, 'app');
  const found = files.find(({ file }) => file.id === id && file.cid === cid);
  const own = [`runos.${cid}.${id}.yaml`, ...(basename(folder) === `runos.${cid}.${id}` ? ['runos.yaml'] : [])];
  const broken = errors.find(({ details }) => own.includes(basename(details.file ?? '')));
  if (found === undefined && broken !== undefined) throw broken;
  return found && existing(found).target;
}
