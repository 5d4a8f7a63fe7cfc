import { join } from 'node:path';
import { CacheFile } from '../configuration/cache-file.js';
import { readPrivateFile, writePrivateFile } from '../configuration/private-file.js';
import { requireAccount } from '../configuration/settings.js';
import { CliError } from '../failure/cli-error.js';
import { dayMs } from '../output/durations.js';
import type { CommandContext } from '../terminal/command-context.js';
import { type Catalog, catalogOf } from './catalog.js';

/** How long a cached catalog is used without a request for its version, ms. */
const freshMs = 60 * 60 * 1_000;
const catalogDeadlineMs = 10_000;
const versionDeadlineMs = 3_000;

const filesIn = ({ environment }: CommandContext) => ({
  catalog: join(environment.folder, 'manifest.json'),
  account: join(environment.folder, 'manifest.account'),
});

const cacheOf = ({ environment }: CommandContext): CacheFile => new CacheFile(environment.folder);

/** The stored catalog, if it is that of the current account and API. */
export function cachedCatalog(context: CommandContext): Catalog | undefined {
  const files = filesIn(context);
  const { accountId, apiUrl } = context.settings;
  if (readPrivateFile(files.account)?.trim() !== accountId) return undefined;
  const source = cacheOf(context).value('manifest_source');
  if (source !== undefined && source !== apiUrl) return undefined;
  const text = readPrivateFile(files.catalog);
  if (text === undefined) return undefined;
  try {
    return catalogOf(JSON.parse(text), files.catalog);
  } catch {
    return undefined; // cut off or of another program: it is fetched again
  }
}

/**
 * The catalog of the current account: fetched when none is stored, or when the server has a newer one. That is checked
 * at most once an hour. Without an answer the stored one is used. @throws CliError without both
 */
export async function currentCatalog(context: CommandContext): Promise<Catalog> {
  const cached = cachedCatalog(context);
  if (cached === undefined) return refreshCatalog(context);
  if (cacheOf(context).isFresh('manifest_version_check', context.now())) return cached;
  try {
    const { version } = (await fetchOf(context, 'manifest-version', versionDeadlineMs)) as { version?: string };
    if (version !== cached.version) return await refreshCatalog(context);
    recordCheck(context, cached.version);
  } catch (error) {
    if (error instanceof CliError && error.details.statusCode === 401) throw error;
  }
  return cached;
}

/** Fetches the catalog and stores it, with a warning where it cannot. @throws CliError when it cannot be read */
export async function refreshCatalog(context: CommandContext): Promise<Catalog> {
  const document = await fetchOf(context, 'manifest', catalogDeadlineMs);
  const catalog = catalogOf(document, 'The answer of the server');
  try {
    const files = filesIn(context);
    writePrivateFile(files.catalog, JSON.stringify(document));
    writePrivateFile(files.account, requireAccount(context.settings));
    recordCheck(context, catalog.version);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    context.terminal.stderr.write(`Warning: the list of commands is not stored. ${error.message}\n`);
  }
  return catalog;
}

/** That of the account; on servers without one, that of everybody. */
async function fetchOf(context: CommandContext, name: string, deadlineMs: number): Promise<unknown> {
  const client = context.client();
  const bare = `/cli/${name}`;
  const scoped = `/${encodeURIComponent(requireAccount(context.settings))}${bare}`;
  try {
    return (await client.send({ method: 'GET', path: scoped, deadlineMs })).body;
  } catch (error) {
    if (!(error instanceof CliError) || error.details.statusCode !== 404) throw error;
    return await client.send({ method: 'GET', path: bare, deadlineMs }).then(({ body }) => body, withoutCatalog);
  }
}

/** @throws CliError always: for servers that are older than the catalog with a message of its own */
function withoutCatalog(error: unknown): never {
  if (!(error instanceof CliError) || error.details.statusCode !== 404) throw error;
  throw new CliError('This server offers no list of commands.', {
    ...error.details,
    code: 'catalog.missing',
    remedy: 'check the address (runos config get api-url), or upgrade the server',
  });
}

function recordCheck(context: CommandContext, version: string): void {
  const values = {
    manifest_version_check: { value: version, ms: freshMs },
    manifest_source: { value: context.settings.apiUrl ?? '', ms: 365 * dayMs },
  };
  cacheOf(context).write(values, context.now());
}
