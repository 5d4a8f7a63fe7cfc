import type { FieldChange } from '@runos/manifest';
import { Option } from 'commander';
import { CliError } from '../failure/cli-error.js';
import { exitCodes } from '../failure/exit-codes.js';
import { changesDocument, changesText } from '../output/changes-text.js';
import type { Output } from '../output/output.js';

/** The options of each `diff`. */
export const diffOptions = (): readonly Option[] => [
  new Option('--cid <cid>', 'the cluster that the file must be of'),
  new Option('--show-secrets', 'print the values of secrets'),
  new Option('--redact-secrets', '').hideHelp(),
  new Option('--exit-code <style>', '0 clean, 2 drift, 1 error; or as kubectl: 0, 1, more than 1')
    .choices(['runos', 'kubectl'])
    .default('runos'),
];

export interface DiffOptions {
  readonly cid?: string;
  readonly showSecrets?: boolean;
  readonly exitCode: 'runos' | 'kubectl';
}

export interface DiffResult {
  /** What was compared: a line. */
  readonly title: string;
  readonly document: object;
  readonly changes: readonly FieldChange[];
  readonly notes: readonly string[];
}

/** Prints what `diff` finds. @throws CliError that ends the program with the exit code of drift, or of an error */
export async function printDiff(
  output: Output,
  { showSecrets = false, exitCode }: DiffOptions,
  diff: () => Promise<DiffResult>,
): Promise<void> {
  const isKubectl = exitCode === 'kubectl';
  const { title, document, changes, notes } = await diff().catch((error: unknown) => {
    if (!isKubectl || !(error instanceof CliError) || error.exitCode !== exitCodes.failed) throw error;
    throw new CliError(error.message, { ...error.details, exitCode: exitCodes.drift });
  });
  const status = changes.length === 0 ? 'in_sync' : 'drift';
  const differences = changesDocument(changes, showSecrets);
  await output.print({ status, ...document, differences, notes }, () =>
    changes.length === 0
      ? `${title}\nNo differences.\n`
      : `${title}\n${changesText(changes, output.style, showSecrets)}${count(changes.length)}\n`,
  );
  for (const note of notes) output.note(note);
  if (changes.length === 0) return;
  throw new CliError('', { exitCode: isKubectl ? exitCodes.failed : exitCodes.drift, isNotice: true });
}

const count = (changes: number): string => `${changes} ${changes === 1 ? 'difference' : 'differences'}`;
