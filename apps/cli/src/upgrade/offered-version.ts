import { isSea } from 'node:sea';
import { requireAccount } from '../configuration/settings.js';
import { CliError } from '../failure/cli-error.js';
import type { CommandContext } from '../terminal/command-context.js';

const versionPattern = /^(\d{1,5})\.(\d{1,5})\.(\d{1,5})(-[\w.]{1,32})?$/;

/**
 * The version of this program that the server offers; undefined when it offers none.
 * @throws CliError when the server does not answer within `deadlineMs`, or answers something else
 */
export async function offeredVersion(context: CommandContext, deadlineMs: number): Promise<string | undefined> {
  const path = `/${encodeURIComponent(requireAccount(context.settings))}/system-config`;
  const query = new URLSearchParams({ key: 'CLI_VERSION' });
  try {
    const { body } = await context.client(undefined, 0).send({ method: 'GET', path, query, deadlineMs });
    const { value } = (body ?? {}) as { value?: unknown };
    if (typeof value === 'string' && versionPattern.test(value)) return value;
    throw new CliError('The server answered without a version of this program.');
  } catch (error) {
    if (error instanceof CliError && error.details.statusCode === 404) return undefined;
    throw error;
  }
}

/** Whether a version comes after another one. One with a suffix, such as `-rc.1`, comes before the same without. */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [versionPattern.exec(version), versionPattern.exec(than)];
  if (a === null || b === null) return false;
  const at = [1, 2, 3].find((index) => a[index] !== b[index]);
  if (at !== undefined) return Number(a[at]) > Number(b[at]);
  return a[4] === undefined && b[4] !== undefined;
}

/** The command line that installs the newest version as this one was installed: as one file, or by npm. */
export const upgradeCommand = ({ settings }: CommandContext): string =>
  isSea() ? `curl -fsSL ${settings.apiUrl ?? ''}/install/cli | sh` : 'npm install --global runos';
