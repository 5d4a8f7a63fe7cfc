import type { CommandContext } from '../terminal/command-context.js';
import type { Catalog } from './catalog.js';
import { cachedCatalog, currentCatalog, refreshCatalog } from './catalog-cache.js';
import { reservedWords } from './command-tree.js';

/** Whether only help is requested. */
const needsNoServer = (argv: readonly string[]): boolean =>
  argv.includes('--help') || argv.includes('-h') || argv[0] === 'help';
const firstWord = (argv: readonly string[]): string | undefined => argv.find((word) => !word.startsWith('-'));
const isOwn = (argv: readonly string[]): boolean => {
  const word = firstWord(argv);
  return word !== undefined && reservedWords.has(word) && !sharedWords.includes(word);
};

/** Words of this program that may begin commands of the catalog too. */
const sharedWords = ['help', 'mcp'];

/** Commands of this program in groups that the catalog has too: those need no catalog. */
const ownPaths = [
  /^account (list|switch)\b/,
  /^clusters default\b/,
  /^jobs follow\b/,
  /^mcp( (sensitive_)?(read|write))*$/,
];

/**
 * The catalog that a command line needs: none for commands of this program, the stored one for help, else the current one.
 * @throws CliError when the server does not answer and none is stored
 */
export async function catalogFor(context: CommandContext, argv: readonly string[]): Promise<Catalog | undefined> {
  const line = argv.filter((word) => !word.startsWith('-')).join(' ');
  if (isOwn(argv) || ownPaths.some((path) => path.test(line))) return undefined;
  if (firstWord(argv) === undefined || needsNoServer(argv)) return cachedCatalog(context);
  const { apiKey, apiUrl, accountId } = context.settings;
  if (apiKey === undefined || apiUrl === undefined || accountId === undefined) return cachedCatalog(context);
  return currentCatalog(context);
}

/** A newer catalog than this one, after a command line that it does not explain; undefined when there is none. */
export async function refreshedCatalog(
  context: CommandContext,
  argv: readonly string[],
  catalog: Catalog | undefined,
): Promise<Catalog | undefined> {
  if (isOwn(argv)) return undefined;
  if (context.settings.apiKey === undefined) return undefined;
  const newer = await refreshCatalog(context).catch(() => undefined);
  return newer === undefined || newer.version === catalog?.version ? undefined : newer;
}
