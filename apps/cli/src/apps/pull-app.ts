import { join } from 'node:path';
import type { FieldChange } from '@runos/manifest';
import type { FilePlace } from '../files/file-place.js';
import { type PlannedFile, writeFiles } from '../files/write-files.js';
import { envPathOf } from './local-app.js';
import { planPull, type PullTarget } from './pull-plan.js';
import type { AppReader, ServerApp } from './server-app.js';

export interface PullOptions {
  readonly force?: boolean | undefined;
  readonly keepEnv?: boolean | undefined;
}

interface FileResult {
  readonly path: string;
  /** Whether it had this content before. */
  readonly inSync: boolean;
}

/** What a pull of one app did, in the names of existing clients. */
export interface PulledApp {
  readonly id: string;
  readonly name: string;
  readonly yaml: FileResult;
  readonly env?: FileResult | undefined;
  readonly secretEnv?: FileResult | undefined;
  readonly envVarCount: number;
  readonly secretEnvVarCount: number;
  readonly secretEnvVarCountPlatformInjected: number;
  readonly secretFilesTotal: number;
  readonly secretFilesWritten: number;
  readonly overridesTotal: number;
  readonly overridesWritten: number;
}

export interface PullResult {
  readonly id: string;
  readonly name: string;
  readonly folder: string;
  readonly pulled?: PulledApp;
  /** Paths in the folder. */
  readonly written: readonly string[];
  /** Differences because of which nothing was written. */
  readonly edits: readonly FieldChange[];
}

/** Writes the files of an app, all or none; none when that would overwrite something else. @throws CliError */
export async function pullApp(
  reader: AppReader,
  place: FilePlace,
  targetOf: () => PullTarget,
  { force = false, keepEnv = false }: PullOptions,
): Promise<PullResult> {
  const server = await reader.read(place);
  const target = targetOf();
  const { folder } = target;
  const head = { id: place.id, name: server.shown.app.name, folder };
  const plan = planPull(server, target, keepEnv);
  if (plan.edits.length > 0 && !force) return { ...head, written: [], edits: plan.edits };
  const secrets = await Promise.all(
    plan.wanted.map(async ({ filename, path }): Promise<PlannedFile> => {
      return { path, content: await reader.secretFile(place, filename), isSecret: true };
    }),
  );
  const written = writeFiles(folder, [...plan.files, ...secrets]);
  const result = (path: string): FileResult => ({ path: join(folder, path), inSync: !written.includes(path) });
  return {
    ...head,
    written,
    edits: [],
    pulled: {
      id: place.id,
      name: server.shown.app.name,
      yaml: result(target.fileName),
      ...(server.shown.hasSecretEnv && { secretEnv: result(envPathOf(plan.next, 'secretEnv')) }),
      ...(server.shown.hasEnv && { env: result(envPathOf(plan.next, 'env')) }),
      ...countsOf(server),
      secretFilesWritten: secrets.length,
      overridesWritten: (plan.next.overrides ?? []).filter(({ local }) => written.includes(local)).length,
    },
  };
}

const countsOf = ({ env, secretEnv, linked, shown }: ServerApp) => ({
  envVarCount: Object.keys(env).length,
  secretEnvVarCount: Object.keys(secretEnv).length,
  secretEnvVarCountPlatformInjected: linked.length,
  secretFilesTotal: shown.secretFiles.length,
  overridesTotal: shown.overrides.length,
});
