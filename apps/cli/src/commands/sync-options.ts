import { Option } from 'commander';
import type { AppliedWrite } from '../sync/apply-writes.js';
import type { Output } from '../output/output.js';

/** The options of each `sync`. */
export const syncOptions = (): readonly Option[] => [
  new Option('--cid <cid>', 'the cluster that the file must be of'),
  new Option('--dry-run', 'print the plan, and write nothing'),
  new Option('--objects', 'plan the Kubernetes objects too, by a dry run on the cluster'),
  new Option('-y, --yes', 'skip the question, and remove what the plan removes'),
  new Option('--follow', 'follow each job to its end before the next write'),
  new Option('--show-secrets', 'print the values of secrets'),
  new Option('--redact-secrets', '').hideHelp(),
];

export interface SyncOptions {
  readonly cid?: string;
  readonly dryRun?: boolean;
  readonly objects?: boolean;
  readonly yes?: boolean;
  readonly follow?: boolean;
  readonly showSecrets?: boolean;
}

/** Prints a line for a write that was accepted. */
export function printApplied(output: Output, { name, method, jobId }: AppliedWrite): void {
  if (output.isDocument) return;
  output.write(`  ${name}: ${method} ok${jobId === undefined ? '' : `  (job ${jobId})`}\n`);
}

/** Prints how a sync has ended. @param document its first keys */
export async function printSynced(
  output: Output,
  document: object,
  { jobIds, follow }: { readonly jobIds: readonly string[]; readonly follow: boolean },
): Promise<void> {
  await output.print({ ...document, jobIds, followed: follow, completed: true }, () => 'Sync complete.\n');
  const last = jobIds.at(-1);
  if (!follow && last !== undefined && !output.isDocument) output.note(`Follow rollout: runos follow ${last}`);
}
