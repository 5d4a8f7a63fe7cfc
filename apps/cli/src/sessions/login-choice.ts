import { parseApiUrl, type Settings } from '../configuration/settings.js';
import { CliError, usageError } from '../failure/cli-error.js';
import { type Membership, readMemberships } from '../accounts/memberships.js';
import { prompt, promptSecret, readInput } from '../terminal/prompt.js';
import { canPrompt, type Terminal } from '../terminal/terminal.js';
import type { ApiClient } from '../http/api-client.js';

export interface LoginOptions {
  readonly apiUrl?: string;
  readonly apiKey?: string;
  readonly withKey?: boolean;
  readonly accountId?: string;
}

/** The address to log in to: that of the option, else of the settings, else of the answer. @throws CliError without one */
export async function chooseApiUrl(options: LoginOptions, settings: Settings, terminal: Terminal): Promise<string> {
  const known = options.apiUrl ?? settings.apiUrl;
  if (known !== undefined) return parseApiUrl(known);
  if (!canPrompt(terminal)) throw usageError('No address of a RunOS API is set.', { remedy: 'add --api-url URL' });
  return parseApiUrl(await prompt(terminal, 'Address of the API: '));
}

/** The key: a person types it unseen, a script passes it on standard input. @throws CliError without one */
export async function chooseApiKey({ apiKey, withKey }: LoginOptions, terminal: Terminal): Promise<string> {
  const key = apiKey ?? (await typedKey(withKey === true, terminal));
  if (key.trim() === '') throw usageError('The API key is empty.');
  return key.trim();
}

function typedKey(isPiped: boolean, terminal: Terminal): Promise<string> {
  if (isPiped) return readInput(terminal);
  if (canPrompt(terminal)) return promptSecret(terminal, 'API key (a personal access token; it is not shown): ');
  throw usageError('No API key is given.', { remedy: 'pipe it in with --with-key, or set RUNOS_API_KEY instead' });
}

/** The account to work in, of those that the key may use. @throws CliError when the key is refused, or none can be chosen */
export async function chooseAccount(client: ApiClient, wanted: string | undefined): Promise<Membership> {
  const memberships = await readMemberships(client).catch((error: unknown): readonly Membership[] => {
    // A server of another version has no such route; then the account is checked with the first command.
    if (wanted !== undefined && error instanceof CliError && error.details.statusCode === 404) return [{ aid: wanted }];
    throw error;
  });
  const names = memberships.map(({ aid }) => aid).join(', ');
  const chosen =
    wanted === undefined
      ? (memberships.find(({ isDefault }) => isDefault) ?? (memberships.length === 1 ? memberships[0] : undefined))
      : memberships.find(({ aid }) => aid === wanted);
  if (chosen !== undefined) return chosen;
  if (wanted !== undefined) throw new CliError(`The key is not of account ${wanted}, but of ${names || 'none'}.`);
  throw usageError('The key is of several accounts.', { remedy: `add --account-id with one of ${names}` });
}
