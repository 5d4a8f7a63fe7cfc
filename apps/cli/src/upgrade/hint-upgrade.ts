import { ownVersion } from '../commands/own-version.js';
import { CacheFile } from '../configuration/cache-file.js';
import { dayMs, hourMs } from '../output/durations.js';
import type { CommandContext } from '../terminal/command-context.js';
import { isNewer, offeredVersion, upgradeCommand } from './offered-version.js';

const entry = 'runos_upgrade_check';
/** The command is done by then, and its user waits for the prompt. */
const deadlineMs = 1_000;
/** Words of command lines whose output programs read, or that show the version themselves. */
const quietWords = ['upgrade', 'completion', 'mcp', '--quiet', '-q', '--json', '-j'];

/**
 * Names a newer version that the server offers: on a terminal alone, once a day; after a failure, again in an hour.
 * @throws CliError when the server does not answer, and when the cache cannot be written
 */
export async function hintUpgrade(context: CommandContext, argv: readonly string[]): Promise<void> {
  const { terminal, settings, environment } = context;
  const { apiKey, apiUrl, accountId } = settings;
  if (terminal.stderr.isTTY !== true || terminal.env['CI'] || argv.some((word) => quietWords.includes(word))) return;
  if (apiKey === undefined || apiUrl === undefined || accountId === undefined) return;
  const cache = new CacheFile(environment.folder);
  if (cache.isFresh(entry, context.now())) return;
  // Recorded first: a command that is stopped here does not wait again the next time.
  cache.write({ [entry]: { value: '', ms: hourMs } }, context.now());
  const version = await offeredVersion(context, deadlineMs);
  cache.write({ [entry]: { value: version ?? '', ms: dayMs } }, context.now());
  if (version === undefined || !isNewer(version, ownVersion())) return;
  terminal.stderr.write(`runos ${version} is available, this is ${ownVersion()}: ${upgradeCommand(context)}\n`);
}
